#!/usr/bin/python3
"""Percentile spectrum of the round trip at chosen sizes: how much slower the slow messages are.

Each line is the histogram of all launches of a case, merged without loss; the axis counts nines, so that each step
right is a tenth of the messages. A line is solid while at least 100 samples lie beyond a percentile, dotted from 10
to 100, and ends there. Several modes or canary levels would make a merged line a mixture: only launches at the
level most ran at are merged.

    analysis/percentiles.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

import families
import figure
import lines
import style
from figure import Drawn
from records import Histogram, Record, Run, merge
from panels import Panel, panels
from series import Levels

TITLE = "Percentiles of the round trip"
KEYS = {"100 messages or more lie beyond": "-", "10 to 99 lie beyond": (0, (1, 1.5))}
SIZES = (64, 65536)  # a line of cache, and what no longer fits a pipe's single page
QUANTILES = 100 - 100 * np.logspace(-0.00437, -6, 121)  # from the first percentile
TICKS = (50, 75, 90, 95, 99, 99.9, 99.99, 99.999)


@dataclass(frozen=True)
class Spectrum:
    """A merged histogram read at all percentiles it can support."""

    q: np.ndarray
    ns: np.ndarray
    firm: int  # how many of them have 100 samples beyond
    launches: int


def spectrum(records: list[Record], levels: Levels) -> Spectrum | None:
    """Of the launches at the canary's main level; None without a histogram."""
    main = levels.main(records)
    mine = [r for r in records if levels.level(r) == main]
    whole: Histogram | None = merge(h for r in mine if (h := r.histogram()))
    if whole is None:
        return None
    grades = [whole.reliability(q) for q in QUANTILES]
    shown = len(grades) - grades.count("n/a")
    q = QUANTILES[:shown]
    return Spectrum(q, whole.percentile(q), grades.count("ok"), len({r.launch_id for r in mine}))


def _at_size(panel: Panel, size: int) -> Panel:
    """The panel's emphasised lines, each with its records of one size only."""
    cut = [
        replace(s, records=[r for r in s.records if r.message_bytes == size]) for s in panel.named
    ]
    kept = [r for r in panel.records if r.message_bytes == size]
    return Panel(
        f"{style.bytes_label(size)} B · {panel.title}", [s for s in cut if s.records], kept
    )


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """percentiles.svg, and percentiles-2 … where the conditions do not fit on one page."""
    records, levels = run.of("latency"), Levels.of(run)
    found = [_at_size(panel, size) for panel in panels(records, levels) for size in SIZES]
    found = [panel for panel in found if panel.series]
    drawn = []
    for suffix, page in figure.pages(found):
        fig, axes = figure.grid(len(page), labels=lines.labels(page))
        figure.title(fig, TITLE)
        figure.key(fig, [Line2D([], [], color=style.MUTED, ls=l, label=t) for t, l in KEYS.items()])
        rows = [row for ax, panel in zip(axes, page) for row in _panel(ax, panel, run, levels)]
        used = (r for p in page for r in p.records)
        text = style.caption(run, used, [] if rows else ["histograms"])
        style.finish(fig, text)
        path = style.save(fig, out_dir, f"percentiles{suffix}", rows)
        drawn.append(Drawn(f"percentiles{suffix}", TITLE, __doc__ or "", text, path))
    return drawn


def _panel(ax: Axes, panel: Panel, run: Run, levels: Levels) -> list[dict]:
    looks, dashes, ends, rows = families.looks(run), lines.linestyles(panel), [], []
    for line in panel.series:
        seen, look = spectrum(line.records, levels), looks[line.transport]
        if seen is None or not len(seen.q):
            continue
        x = 100 / (100 - seen.q)
        ax.plot(x[: seen.firm], seen.ns[: seen.firm], color=look.colour, ls=dashes[line.variant])
        low = slice(max(seen.firm - 1, 0), None)
        ax.plot(x[low], seen.ns[low], color=look.colour, ls=(0, (1, 1.5)), lw=1)
        ends.append((x[-1], seen.ns[-1], line.label, look.colour))
        for i, (q, ns) in enumerate(zip(seen.q, seen.ns)):
            grade = "ok" if i < seen.firm else "low"
            rows.append({"panel": panel.title, "transport": line.transport, "variant": line.variant,
                         "percentile": float(q), "round_trip_ns": float(ns), "reliability": grade,
                         "launches": seen.launches})  # fmt: skip
    ax.set(title=panel.title, xscale="log", yscale="log", xlabel="percentile of messages [%]")
    ax.xaxis.set_major_locator(FixedLocator([100 / (100 - t) for t in TICKS]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 - 100 / x:.6g}"))
    ax.xaxis.set_minor_locator(NullLocator())
    style.log_axis(ax.yaxis)
    if ax.get_subplotspec().is_first_col():
        ax.set_ylabel("round trip [time]")
    style.label_ends(ax, ends)
    return rows


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
