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
from dataclasses import replace
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

import families
import figure
import lines
import style
from figure import Drawn
from records import Run
from panels import Panel, panels
from series import Levels, Series
from spectrum import Spectrum, spectra

TITLE = "Percentiles of the round trip"
KEYS = {"100 messages or more lie beyond": "-", "10 to 99 lie beyond": (0, (1, 1.5))}
SIZES = (64, 65536)  # a line of cache, and what no longer fits a pipe's single page
TICKS = (50, 75, 90, 95, 99, 99.9, 99.99, 99.999)
LOW_TICKS = (5, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90)  # of a panel that ends early


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
    found = [(panel, spectra(panel.series, levels)) for panel in found]
    short = [panel.title for panel, seen in found if panel.series and not seen]
    found = [(panel, seen) for panel, seen in found if seen]
    absent = [f"{title} (fewer than 10 messages beyond any percentile)" for title in short]
    drawn = []
    for suffix, page in figure.pages(found):
        fig, axes = figure.grid(len(page), labels=lines.labels(p for p, _ in page))
        figure.title(fig, TITLE)
        figure.key(fig, [Line2D([], [], color=style.MUTED, ls=l, label=t) for t, l in KEYS.items()])
        rows = [
            row for ax, (panel, seen) in zip(axes, page) for row in _panel(ax, panel, run, seen)
        ]
        used = (r for p, _ in page for r in p.records)
        text = style.caption(run, used, absent)
        style.finish(fig, text)
        path = style.save(fig, out_dir, f"percentiles{suffix}", rows)
        drawn.append(Drawn(f"percentiles{suffix}", TITLE, __doc__ or "", text, path))
    return drawn


def _ticks(q: list[float]) -> list[float]:
    """Round percentiles within those shown: nines, and where hardly one is, tens."""
    for ticks in (TICKS, LOW_TICKS):
        inside = [100 / (100 - t) for t in ticks if min(q) <= t <= max(q)]
        if len(inside) > 1:
            break
    return inside


def _panel(ax: Axes, panel: Panel, run: Run, found: list[tuple[Series, Spectrum]]) -> list[dict]:
    looks, dashes, ends, rows = families.looks(run), lines.linestyles(panel), [], []
    for line, seen in found:
        look = looks[line.transport]
        x = 100 / (100 - seen.q)
        ax.plot(x[: seen.firm], seen.ns[: seen.firm], color=look.colour, ls=dashes[line.variant])
        low = slice(max(seen.firm - 1, 0), None)
        alone = "." if len(x) == 1 else ""  # a line of one point is none
        ax.plot(x[low], seen.ns[low], color=look.colour, ls=(0, (1, 1.5)), lw=1, marker=alone)
        ends.append((x[-1], seen.ns[-1], line.label, look.colour))
        for i, (q, ns) in enumerate(zip(seen.q, seen.ns)):
            grade = "ok" if i < seen.firm else "low"
            rows.append({"panel": panel.title, "transport": line.transport, "variant": line.variant,
                         "percentile": float(q), "round_trip_ns": float(ns), "reliability": grade,
                         "launches": seen.launches})  # fmt: skip
    ax.set(title=panel.title, xscale="log", yscale="log", xlabel="percentile of messages [%]")
    shown = [float(q) for _, seen in found for q in seen.q]
    ax.xaxis.set_major_locator(FixedLocator(_ticks(shown)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 - 100 / x:.6g}"))
    ax.xaxis.set_minor_locator(NullLocator())
    style.log_axis(ax.yaxis)
    if ax.get_subplotspec().is_first_col():
        ax.set_ylabel("round trip [time]")
    style.label_ends(ax, ends)
    return rows


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
