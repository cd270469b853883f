#!/usr/bin/python3
"""Who is interrupted when memory is remapped, and what it costs: deliveries, cost, stall, traffic.

Deliveries: interrupts on the victim's CPU by the kernel's own count, for each operation, every trigger against another
process and another thread; a dot is the median over launches, the ring what is expected. Cost: the trigger's call and
the victim's stall against the pages struck; the fall between two neighbouring sizes is the kernel's ceiling, beyond
which it flushes everything, and is found from the records. Refill: what a chase through a working set takes after the
blow. Stalls: their distribution. Traffic: the throughput that remains, measured against (1 - f), f the share of time
that the triggers were said to take before; and of streams the time that a trigger takes from them, by which end is
the slower and how many messages lie between the two.

    analysis/tlb_shootdown.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from matplotlib.axes import Axes

import figure
import shootdown_panels as panels
import style
from figure import Drawn
from records import Record, Run
from style import absent

Panel = tuple[str, Callable[[Axes, list[Record], Run], tuple[list[dict], list[str]]]]
PAGES: list[tuple[str, str, list[Panel]]] = [
    ("tlb_shootdown", "Interrupts for each trigger", [("deliveries", panels.deliveries)]),
    (
        "tlb_shootdown_cost",
        "What a shootdown costs, by the pages struck",
        [("trigger's call", panels.cost), ("victim's stall", panels.stall), ("refill", panels.refill)],
    ),
    ("tlb_shootdown_stall", "How long the victim stands still", [("one page", panels.distribution)]),
    (
        "tlb_shootdown_traffic",
        "Traffic beside triggers: said beforehand, and measured",
        [("throughput that remains", panels.traffic), ("measured less predicted", panels.residual)],
    ),
    ("tlb_shootdown_streams", "What a trigger takes from a stream", [("time lost", panels.streams)]),
]  # fmt: skip
ROWS_OF_WORDS = ("trigger", "roles", "victim", "mappings", "consumers", "bottleneck", "depth")


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """tlb_shootdown.svg, and its -cost, -stall, -traffic and -streams."""
    records = run.of("tlb_shootdown")
    found = [_page(run, records, out_dir, *page) for page in PAGES]
    return [drawn for drawn in found if drawn]


def _height(name: str, records: list[Record]) -> float:
    """Inches: a row of words for each case where there are such, up to two dozen."""
    streams = name == "tlb_shootdown_streams"
    if not streams and name != "tlb_shootdown":
        return 4.4
    mine = [r for r in records if (r.case["victim"] == "traffic") == streams
            and (not streams or r.case["pattern"] == "pour")]  # fmt: skip
    rows = {tuple(r.case.get(n) for n in ROWS_OF_WORDS) for r in mine}
    return min(1.8 + 0.22 * len(rows), 6.8)


def _page(
    run: Run, records: list[Record], out_dir: Path, name: str, title: str, parts: list[Panel]
) -> Drawn | None:
    fig, axes = figure.grid(len(parts), row_in=_height(name, records))
    figure.title(fig, title)
    rows, said = [], []
    for ax, (words, part) in zip(axes, parts):
        drawn, notes = part(ax, records, run)
        rows += [{"panel": words, **row} for row in drawn]
        said += notes
        ax.set_title(words)
        ax.set_visible(bool(drawn))
    if not rows:
        style.plt.close(fig)
        return None
    missing = absent(r for r in run.records if r.experiment == "tlb_shootdown")
    said = [*panels.interrupt_cost(records), *said]
    text = " · ".join([style.caption(run, records, [*missing, *panels.refused(run)]), *said])
    style.finish(fig, text)
    path = style.save(fig, out_dir, name, rows)
    return Drawn(name, title, __doc__ or "", text, path)


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
