"""One look for all figures: colours, axes, captions, and files that repeat byte for byte.

Nothing here knows a transport: which one has which colour is in looks.py.
"""

from __future__ import annotations

import csv
import math
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    Locator,
    MaxNLocator,
    NullFormatter,
    NullLocator,
)

from records import Record, Run

INK, MUTED, GRID, PAPER = "#1f2328", "#6a7380", "#e1e5ea", "#ffffff"
GREY = "#b9c0c8"  # lines that are there for company
# Okabe & Ito's colours, the light ones darkened until they can be read on paper, and three between them.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#b0458f", "#c48800", "#3f9fd8", "#7a4f9e", "#6b7a1f")
PALETTE += ("#0f7173", "#8c564b", "#9e2a2b", "#4d4d4d")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "h")
WIDTH_IN, ROW_IN = 11.0, 3.7

plt.rcParams.update(
    {
        "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
        "font.size": 9,
        "svg.fonttype": "none",
        "svg.hashsalt": "ipcmark",
        "text.color": INK,
        "axes.edgecolor": MUTED,
        "axes.labelcolor": INK,
        "axes.titlesize": 10,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": GRID,
        "grid.linewidth": 0.7,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "lines.linewidth": 1.5,
        "lines.markersize": 3.8,
        "legend.frameon": False,
        "legend.fontsize": 8,
        "figure.facecolor": PAPER,
        "savefig.dpi": 120,
    }
)


def bytes_label(value: float, _position: Any = None) -> str:
    """64, 1Ki, 64Ki, 1Mi; odd sizes in full."""
    for factor, suffix in ((1 << 30, "Gi"), (1 << 20, "Mi"), (1 << 10, "Ki")):
        if value >= factor and value % factor == 0:
            return f"{value / factor:.0f}{suffix}"
    return f"{value:.0f}" if value >= 1 else f"{value:g}"


def about_bytes(value: float) -> str:
    """A size that was estimated: three digits, binary suffix."""
    if not math.isfinite(value):
        return "∞" if value > 0 else "0"
    for factor, suffix in ((1 << 20, "Mi"), (1 << 10, "Ki")):
        if value >= factor:
            return f"{_three(value / factor)}{suffix}"
    return _three(value)


def _three(value: float) -> str:
    """Three digits, without an exponent: 1010 is `1010`."""
    return f"{float(f'{value:.3g}'):g}"


def time_label(ns: float, _position: Any = None) -> str:
    """50 ns, 4.9 µs, 8 ms: three digits."""
    return _scaled(ns, ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1, "ns")))


def rate_label(per_s: float, unit: str = "B/s") -> str:
    """12.8 GB/s, 204 M/s: decimal, three digits."""
    return _scaled(
        per_s, ((1e12, f"T{unit}"), (1e9, f"G{unit}"), (1e6, f"M{unit}"), (1e3, f"k{unit}"))
    )


def _scaled(value: float, steps: Sequence[tuple[float, str]]) -> str:
    if value is None or not math.isfinite(value):
        return "–"
    sign, size = ("-" if value < 0 else ""), abs(value)
    for factor, unit in steps:
        if float(f"{size:.3g}") >= factor:
            break
    digits = f"{size / factor:.3g}"
    return f"{sign}{float(digits):.0f} {unit}" if "e" in digits else f"{sign}{digits} {unit}"


def byte_axis(ax: Axes, sizes: Iterable[float], label: str = "message size [B]") -> None:
    """Log-2 axis over the sizes, a readable handful of ticks at even powers."""
    sizes = [s for s in sizes if s > 0] or [1, 1024]
    low, high = math.log2(min(sizes)), math.log2(max(sizes))
    span = max(high - low, 1)
    ax.set_xscale("log", base=2)
    ax.set_xlim(2 ** (low - span * 0.03), 2 ** (high + span * 0.03))
    step = next(s for s in (1, 2, 3, 4, 6, 12) if span / s <= 6.7 or s == 12)
    start = math.ceil(low / step - 1e-9) * step
    ax.xaxis.set_major_locator(FixedLocator([2.0**e for e in range(start, int(high) + 1, step)]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(bytes_label))
    ax.set_xlabel(label)


def percent_axis(ax: Axes) -> None:
    """A y axis of signed percents, even within ±10: a few wild values must not flatten the rest."""
    ax.set_yscale("symlog", linthresh=10, linscale=1.5)
    steps = (5, 10, 30, 100, 300, 1000, 10000)
    ax.yaxis.set_major_locator(FixedLocator([0, *steps, *(-s for s in steps)]))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))


def few_ticks() -> MaxNLocator:
    """A linear axis's ticks where labels carry units and are long."""
    return MaxNLocator(nbins=5)


class LogTicks(Locator):
    """A handful of round values within a log axis's limits as they are when it is drawn.

    Chosen at drawing time, and only those inside: matplotlib's own makes a tick object for every multiple of every
    decade around the limits, whether it shows or not, which was most of the time of a figure.
    """

    MOST = 12

    def __call__(self) -> list[float]:
        return self.tick_values(*self.axis.get_view_interval())

    def tick_values(self, vmin: float, vmax: float) -> list[float]:
        low, high = sorted((vmin, vmax))
        if not (0 < low < high < math.inf):
            return []
        if math.log10(high / low) < 0.35:  # there a logarithm is nearly straight: a few even steps
            even = MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(low, high)
            return [float(t) for t in even if low <= t <= high]
        subs = _subs(math.log10(high / low))
        exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        slack = 1e-9
        ticks = [s * 10.0**e for e in exponents for s in subs
                 if low * (1 - slack) <= s * 10.0**e <= high * (1 + slack)]  # fmt: skip
        return ticks[:: math.ceil(len(ticks) / self.MOST)] if ticks else []


def _subs(decades: float) -> tuple[float, ...]:
    """Multiples of a power of ten that an axis over so many decades shows."""
    if decades < 0.9:
        return (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0)
    return (1.0, 2.0, 5.0) if decades <= 1.5 else (1.0, 3.0) if decades <= 2.5 else (1.0,)


def log_axis(axis: Any, formatter: Any = time_label) -> None:
    """Log-10 axis whose tick labels carry the unit; with less than a decade, 1-2-5 ticks."""
    getattr(axis.axes, f"set_{axis.axis_name}scale")("log")
    axis.set_major_locator(LogTicks())
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(formatter))
    axis.set_minor_formatter(NullFormatter())


def label_ends(ax: Axes, ends: Sequence[tuple[float, float, str, str]], size: float = 7.5) -> None:
    """Direct labels in the right margin for (x, y, text, colour), pushed apart, tied to their line's end.

    Call it last, when limits and scale are final.
    """
    place = ax.transAxes.inverted().transform
    shown = [(*place(ax.transData.transform((x, y))), t, c) for x, y, t, c in ends if y > 0]
    box, (width, tall) = ax.get_position(), ax.figure.get_size_inches()
    inch, height = 1 / (box.width * width), size * 1.25 / 72 / (box.height * tall)
    into = {"transform": ax.transAxes, "clip_on": False}
    for (x, y, text, colour), at in zip(shown, _spread([e[1] for e in shown], height)):
        ax.plot([x, 1 + 0.08 * inch], [y, at], color=colour, lw=0.5, alpha=0.55, **into)
        ax.text(1 + 0.11 * inch, at, text, color=colour, fontsize=size, va="center", **into)


def _spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Positions at least a gap apart, in the order wanted, as near as clusters allow, within [0, 1] if they fit."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    clusters: list[list[float]] = []  # [centre, members]
    for i in order:
        clusters.append([min(max(wanted[i], 0.0), 1.0), 1])
        while len(clusters) > 1:
            (a, n), (b, m) = clusters[-2], clusters[-1]
            if b - a >= (n + m) / 2 * gap:
                break
            clusters[-2:] = [[(a * n + b * m) / (n + m), n + m]]
    flat = [c + (k - (n - 1) / 2) * gap for c, n in clusters for k in range(int(n))]
    overflow = max(0.0, flat[-1] - 1) if flat else 0.0
    placed = [0.0] * len(wanted)
    for i, y in zip(order, flat):
        placed[i] = y - overflow
    return placed


def caption(run: Run, records: Iterable[Record], missing: Iterable[str] = ()) -> str:
    """The line under a figure: machine, commit, repetitions, wait and idle, overrides, and what is missing."""
    records = list(records)
    launches: dict[Any, set[str]] = {}
    for record in records:
        launches.setdefault(tuple(sorted(record.case.items())), set()).add(record.launch_id)
    counts = sorted(len(ids) for ids in launches.values()) or [0]
    n = f"n = {counts[0]}" if counts[0] == counts[-1] else f"n = {counts[0]}–{counts[-1]}"
    parts = [machine_name(run), commit_name(run), f"{n} launches a point"]
    for name in ("wait", "idle", "placement"):
        seen = sorted({str(r.case[name]) for r in records if name in r.case})
        parts += [f"{name} {', '.join(seen)}"] if seen else []
    parts += _crowding(records)
    allowed = sorted({a for r in records for a in r.raw.get("allowed") or []})
    parts += [f"allowed: {', '.join(allowed)}"] if allowed else []
    missing = list(missing)
    parts += [f"missing: {'; '.join(missing)}"] if missing else []
    return " · ".join(parts)


def _crowding(records: list[Record]) -> list[str]:
    """`oversubscribed: 3–9 roles on 2 CPUs`, where roles had to share."""
    told = [r.raw["oversubscribed"] for r in records if r.raw.get("oversubscribed")]
    if not told:
        return []
    roles, cpus = (sorted({t[k] for t in told}) for k in ("roles", "cpus"))
    span = lambda ns: f"{ns[0]}–{ns[-1]}" if len(ns) > 1 else f"{ns[0]}"  # noqa: E731
    return [f"oversubscribed: {span(roles)} roles on {span(cpus)} CPUs"]


def machine_name(run: Run) -> str:
    machine = run.environment.get("machine") or {}
    cpu = machine.get("cpu")
    facts = {**machine, **cpu} if isinstance(cpu, dict) else machine
    for name in ("model name", "model_name", "cpu_model", "model", "cpu"):
        if isinstance(facts.get(name), str):
            return str(facts[name])
    return str(machine.get("arch") or "unknown machine")


def commit_name(run: Run) -> str:
    commit = str(run.manifest.get("commit") or "unknown")[:10]
    return f"commit {commit}{' (dirty)' if run.manifest.get('dirty') else ''}"


def finish(fig: Figure, text: str, bottom_in: float = 0.55) -> None:
    """Write the caption at the foot, wrapped to the width."""
    width, height = fig.get_size_inches()
    lines = textwrap.wrap(text, int(width * 16.5))
    foot = 0.08 + 0.15 * len(lines)
    fig.text(0.1 / width, 0.06 / height, "\n".join(lines), fontsize=7, color=MUTED, va="bottom")
    fig.subplots_adjust(bottom=(foot + bottom_in) / height)


# What a figure is saved as, and the metadata that would differ from one time to the next.
FORMATS: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


def save(fig: Figure, out_dir: str | Path, name: str, rows: Sequence[dict[str, Any]]) -> Path:
    """Write NAME.svg, .pdf, .png and the plotted numbers as NAME.csv; the same input gives the same bytes."""
    base = Path(out_dir)
    base.mkdir(parents=True, exist_ok=True)
    for ending, metadata in FORMATS.items():
        fig.savefig(base / f"{name}.{ending}", metadata=metadata)
    plt.close(fig)
    write_csv(base / f"{name}.csv", rows)
    return base / f"{name}.svg"


def write_csv(file: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Rows as CSV, columns in order of first appearance; no value is an empty field."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({k: _cell(v) for k, v in row.items()})


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"{value:.7g}" if isinstance(value, float) else value
