"""Axes of sizes, percents and logarithms, their ticks, and the labels at the ends of lines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    Locator,
    MaxNLocator,
    NullFormatter,
    NullLocator,
)

from labels import bytes_label, time_label

TIE = "#9aa3ad"  # of a label to its line
ROOM = 4  # times beyond the least and the largest value: what is shown of an interval


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


def cut(ax: Axes, points: Sequence[tuple[float, Any]]) -> None:
    """Limits of a log y axis by the values of (x, Interval); an interval that goes on beyond them ends in an arrow.

    One that holds 0 would take as many decades as its floor lies deep, and show nothing but that.
    """
    values = [p.value for _, p in points]
    low, high = min(values) / ROOM, max(values) * ROOM
    ax.set_ylim(low, high)
    arrow = {"color": ax.xaxis.label.get_color(), "ls": "", "ms": 6, "clip_on": False, "zorder": 6}
    down = sorted({x for x, p in points if p.lo is not None and p.lo < low})
    up = sorted({x for x, p in points if p.hi is not None and p.hi > high})
    ax.plot(down, [low * 1.15] * len(down), marker="v", **arrow)
    ax.plot(up, [high / 1.15] * len(up), marker="^", **arrow)


def label_ends(ax: Axes, ends: Sequence[tuple[float, float, str, str]], size: float = 8) -> None:
    """Direct labels in the right margin for (x, y, text, colour), pushed apart, tied to their line's end.

    The tie is grey and below all else where it crosses the panel: a coloured one would pass for data. Call it last,
    when limits and scale are final.
    """
    ax.get_xlim(), ax.get_ylim()  # what was plotted counts for the limits only once they are asked for
    place = ax.transAxes.inverted().transform
    shown = [(*place(ax.transData.transform((x, y))), t, c) for x, y, t, c in ends if y > 0]
    box, (width, tall) = ax.get_position(), ax.figure.get_size_inches()
    inch, height = 1 / (box.width * width), size * 1.25 / 72 / (box.height * tall)
    into = {"transform": ax.transAxes, "clip_on": False}
    for (x, y, text, colour), at in zip(shown, _spread([e[1] for e in shown], height)):
        ax.plot([x, 1], [y, y], color=TIE, lw=0.4, zorder=0.9, **into)
        ax.plot([1, 1 + 0.08 * inch], [y, at], color=colour, lw=0.5, alpha=0.55, **into)
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
