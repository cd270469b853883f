#!/usr/bin/python3
"""From which payload size shared memory is worth it: the ratio that proves T, per hybrid.

Each dot is the cost through shared memory over the cost through the queue at one size, the median
over blocks with its 95 % interval: above 1 the queue is faster, below 1 shared memory. T [lo, hi]
is the vertical band, found without a model where the ratio passes 1. The dashed line is the hybrid
with its measured threshold (auto) over the queue: it should follow the lower of the dots and 1. The
thin line is the plain queue, without the hybrid's header, over the hybrid's queue path. The strip at the foot is the dominance map: the faster path per size, white where the interval leaves it
undecided, hatched where the queue takes no such size.

analysis/crossover.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import sys
from pathlib import Path

import crossover_fit
import crossover_panel
import crossover_rows
import figure
import style
from crossover_fit import Finding
from figure import Drawn
from records import Run

TITLE = "Shared memory over queue: from which size is it worth it?"
PANELS_A_PAGE = 9  # three rows of three
CENTRAL = ("p50", "ns_per_message")
WORDS = {"ask": "round trip", "pour": "stream"}


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """crossover.svg, and crossover-2 …: a page a pattern, more where the hybrids do not fit on one."""
    found = [f for f in crossover_fit.of_run(run) if f.costs.metric in CENTRAL]
    missing = style.absent(r for r in run.records if r.experiment == "crossover")
    patterns = {f.costs.axes["pattern"]: f.costs.metric for f in found}
    kinds = {p: [f for f in found if f.costs.axes["pattern"] == p] for p in patterns}
    pages = [(p, page) for p, fs in kinds.items() for _, page in figure.pages(fs, PANELS_A_PAGE)]
    drawn = []
    for number, (pattern, page) in enumerate(pages, 1):
        fig, axes = figure.grid(len(page), columns=min(3, len(page)), gap_in=1.15, top_in=1.05)
        words = f"{TITLE} ({WORDS[pattern]})"
        figure.title(fig, words)
        plain = [crossover_rows.plain_over_queue(run, one) for one in page]
        for ax, one, raw in zip(axes, page, plain):
            crossover_panel.draw(ax, one, crossover_rows.label(one, page), raw)
        figure.key(fig, crossover_panel.keys(page, plain))
        text = style.caption(run, (r for f in page for r in f.costs.records), missing)
        text = " · ".join([text, *_doubts(page)])
        style.finish(fig, text)
        rows = [row for f, raw in zip(page, plain) for row in crossover_rows.plotted(f, raw)]
        name = "crossover" if number == 1 else f"crossover-{number}"
        path = style.save(fig, out_dir, name, rows)
        drawn.append(Drawn(name, words, __doc__ or "", text, path))
    return drawn


def _doubts(page: list[Finding]) -> list[str]:
    """Each doubt once, with the queues it is about."""
    about: dict[str, list[str]] = {}
    for one in page:
        for text in crossover_rows.doubts(one):
            about.setdefault(text, []).append(one.queue)
    return [f"{', '.join(dict.fromkeys(queues))}: {text}" for text, queues in about.items()]


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
