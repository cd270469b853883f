#!/usr/bin/python3
"""How long it is from nothing to a channel and back, one row a transport, phase by phase.

Each dot is the median over launches of a phase's p50, with its 95 % interval: opening the channel (its names are gone
by then), connecting (taking and preparing both ends), the first round trip, closing both ends, removing what is left.
The line is all of them together. Forking, pinning and talking about it are in none. The floor, null, opens nothing: its
row is what the processes' own memory costs. Rows in order of the whole.

    analysis/life_cycle.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

from matplotlib.lines import Line2D

import by_row
import figure
import style
from figure import Drawn
from style import absent
from records import Record, Run
from stats import Interval

TITLE = "From nothing to a channel and back"
PHASES = {
    "open_ns": ("open", "o"),
    "connect_ns": ("connect", "s"),
    "first_message_ns": ("first message", "^"),
    "close_ns": ("close", "D"),
    "remove_ns": ("remove", "v"),
}
WHOLE = "cycle_ns"


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """life_cycle.svg."""
    records = run.of("life_cycle")
    rows = {label: _phases(members) for label, members in _rows_of(records).items()}
    rows = {label: found for label, found in rows.items() if WHOLE in found}
    if not rows:
        return []
    order = sorted(rows, key=lambda label: rows[label][WHOLE].value)
    fig, (ax,) = figure.grid(1, row_in=by_row.height_in(len(rows)))
    fig.subplots_adjust(left=0.24)
    figure.title(fig, TITLE)
    for y, label in enumerate(order):
        whole = rows[label][WHOLE].value
        ax.plot([whole, whole], [y - 0.35, y + 0.35], color=style.INK, lw=1.5)
        for i, (name, (_, marker)) in enumerate(PHASES.items()):
            if (phase := rows[label].get(name)) and phase.value > 0:
                _dot(ax, phase, y, style.PALETTE[i], marker)
    ax.set_yticks(range(len(order)), order, fontsize=7)
    ax.set_ylim(len(order) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    style.log_axis(ax.xaxis)
    ax.set_xlabel("a channel's phase, p50 [time]")
    figure.key(fig, [*(Line2D([], [], ls="", marker=m, color=style.PALETTE[i], label=text)
                       for i, (text, m) in enumerate(PHASES.values())),
                     Line2D([], [], color=style.INK, label="all together")])  # fmt: skip
    missing = absent(r for r in run.records if r.experiment == "life_cycle")
    text = style.caption(run, records, missing)
    style.finish(fig, text)
    path = style.save(fig, out_dir, "life_cycle", [_row(label, rows[label]) for label in order])
    return [Drawn("life_cycle", TITLE, __doc__ or "", text, path)]


def _rows_of(records: list[Record]) -> dict[str, list[Record]]:
    """As by_row names them, with the wait policy and the size where there are several."""
    several = [n for n in ("wait", "message_bytes") if len({r.case[n] for r in records}) > 1]
    found: dict[str, list[Record]] = {}
    for label, members in by_row.names(records).items():
        for record in members:
            more = [f"{n.split('_')[0]} {record.case[n]}" for n in several]
            found.setdefault(" · ".join([label, *more]), []).append(record)
    return found


def _phases(records: list[Record]) -> dict[str, Interval]:
    found = {}
    for name in (*PHASES, WHOLE):
        interval = by_row.over_launches(records, lambda r: _p50(r, name))
        if interval is not None:
            found[name] = interval
    return found


def _p50(record: Record, name: str) -> float:
    histogram = record.histogram(name)
    return float(histogram.percentile(50)) if histogram else math.nan


def _dot(ax: Any, phase: Interval, y: int, colour: str, marker: str) -> None:
    ax.plot(phase.value, y, marker, color=colour, ms=4)
    if phase.lo is not None and phase.lo > 0:
        ax.plot([phase.lo, phase.hi], [y, y], color=colour, lw=1)


def _row(label: str, phases: dict[str, Interval]) -> dict[str, Any]:
    row: dict[str, Any] = {"case": label, "launches": phases[WHOLE].n}
    for name, interval in phases.items():
        row |= {name: interval.value, f"{name}_lo": interval.lo, f"{name}_hi": interval.hi}
    return row


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
