#!/usr/bin/python3
"""What it costs to hand control to the receiver with the message: on one CPU, and across two, one row a mechanism.

A dot is half a round trip of the smallest message (median over launches, 95 % interval): both ends on one CPU (filled
circle), across two CPUs whose idle states are held shallow (filled square), and across two left to sleep as they like
(hollow square). The tick is what the parts predict for one CPU: a bare futex's wake-up and switch there, and what the
mechanism costs beyond the futex across CPUs. At the right, switches a hand-off on one CPU and across, in brackets those
of an end that slept: 1 (1) where the receiver sleeps and is switched to for each message, 1 (0.5) where whom a sender
wakes takes its CPU at once, so that the sender finds the reply without having slept. The floors are at the foot: the
bare futex (wake-up and switch), and the cache line that yields (a switch by sched_yield, no wake-up).

    analysis/handoff.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

import by_row
import families
import figure
import handoff_rows
import style
from figure import Drawn
from handoff_rows import SAME, Handoff
from records import Run

TITLE = "Handing control over with the message"
MARKS = {"same": ("o", True), "held": ("s", True), "default": ("s", False)}


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """handoff.svg."""
    found = handoff_rows.handoffs(run)
    if not found:
        return []
    order = _order(found)
    fig, (ax,) = figure.grid(1, row_in=by_row.height_in(len(order)) + 0.3)
    fig.subplots_adjust(left=0.17, right=0.84)
    figure.title(fig, TITLE)
    looks = families.looks(run)
    for y, name in enumerate(order):
        mine = [h for h in found if _name(h) == name]
        _row(ax, y, mine, found, looks[mine[0].transport].colour)
    ax.set_yticks(range(len(order)), order, fontsize=7.5)
    ax.set_ylim(len(order) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    style.log_axis(ax.xaxis)
    ax.set_xlabel("a hand-off: half a round trip, p50 [time]")
    ax.text(1.01, 1.0, "switches a hand-off\none CPU · across", transform=ax.transAxes, fontsize=7,
            color=style.MUTED, va="bottom")  # fmt: skip
    figure.key(fig, _keys())
    return figure.finished(
        fig,
        run,
        out_dir,
        ("handoff", TITLE, __doc__),
        [r for h in found for r in h.records],
        handoff_rows.rows(run),
    )


def _name(one: Handoff) -> str:
    return one.transport if one.wait == "block" else f"{one.transport} ({one.wait})"


def _order(found: list[Handoff]) -> list[str]:
    """Quickest first by what most rows have, and the floors last."""
    least: dict[str, tuple[bool, float]] = {}
    for one in sorted(found, key=lambda h: (h.placement != SAME, h.ns.value)):
        floor = families.family(one.records[0]) == families.FLOOR
        least.setdefault(_name(one), (floor, one.ns.value))
    return sorted(least, key=lambda name: least[name])


def _kind(one: Handoff) -> str:
    return "same" if one.placement == SAME else "default" if one.idle == "default" else "held"


def _row(ax: Axes, y: int, mine: list[Handoff], found: list[Handoff], colour: str) -> None:
    for one in mine:
        marker, filled = MARKS[_kind(one)]
        ax.plot(one.ns.value, y, marker, ms=5, mec=colour, mfc=colour if filled else style.PAPER)
        if one.ns.lo is not None:
            ax.plot([one.ns.lo, one.ns.hi], [y, y], color=colour, lw=1)
        predicted = handoff_rows.model(one, found)["model_ns"]
        if isinstance(predicted, float) and predicted > 0:
            ax.plot([predicted, predicted], [y - 0.32, y + 0.32], color=style.INK, lw=1.2)
    at = {_kind(one): f"{one.switches:.2g} ({one.slept:.2g})" for one in mine}
    words = f"{at.get('same', '–')} · {at.get('held', at.get('default', '–'))}"
    ax.text(1.01, y, words, transform=ax.get_yaxis_transform(), fontsize=7, va="center")


def _keys() -> list[Any]:
    dot = {"ls": "", "color": style.MUTED, "ms": 5}
    return [
        Line2D([], [], marker="o", label="one CPU", **dot),
        Line2D([], [], marker="s", label="across, idle held shallow", **dot),
        Line2D([], [], marker="s", mfc=style.PAPER, label="across, idle default", **dot),
        Line2D(
            [], [], ls="", marker="|", ms=9, mew=1.2, color=style.INK, label="predicted, one CPU"
        ),
    ]


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
