#!/usr/bin/python3
"""What memory orders cost at both ends of a hand-off, and what breaks without them.

Left, two panels: what a round trip (data, flag, answer) and an item of a ring take more than with relaxed orders, whose
windows stood between: the median over launches of the median difference, with its 95 % interval. Relaxed against itself
is the control; where a machine makes the same instructions of release and acquire, so are these. Right: litmus tests,
the share of rounds with the weak outcome: in message passing the flag was seen and the data were not, in store
buffering neither side saw what the other had written. A dot is the median over launches; an arrow to the left is a
share below 3/n, none having been seen in n rounds.

    analysis/memory_order.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

import figure
import litmus
import paired_values as paired
import style
from figure import Drawn
from records import Record, Run, group

TITLE = "Memory orders: their price, and what they are for"
HANDOFFS = {"state": "a round trip", "indices": "an item of a ring"}
BASELINE = "relaxed_ns"


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """memory_order.svg."""
    records = run.of("memory_order")
    told = {s: [r for r in records if r.case.get("structure") == s] for s in HANDOFFS}
    told = {s: rs for s, rs in told.items() if any(paired.pairs(r, BASELINE) for r in rs)}
    seen = litmus.seen(run)
    panels = [*told, *(["litmus"] if seen else [])]
    if not panels:
        return []
    fig, axes = figure.grid(len(panels), row_in=4.3)
    fig.subplots_adjust(left=0.13, wspace=0.62)
    figure.title(fig, TITLE)
    rows, notes = [], []
    for ax, name in zip(axes, panels):
        if name == "litmus":
            rows += _litmus(ax, run, seen)
            continue
        rows += _price(ax, run, name, told[name])
        relaxed = [r for r in told[name] if r.case["publication"] == "relaxed"]
        at = paired.over_launches(run, relaxed, paired.times(BASELINE))
        notes.append(paired.null_words(at, f"{HANDOFFS[name]}, relaxed / relaxed"))
    text = " · ".join(
        [style.caption(run, records, style.absent(records)), *notes, *paired.level_words(run)]
    )
    style.finish(fig, text)
    path = style.save(fig, out_dir, "memory_order", rows)
    return [Drawn("memory_order", TITLE, __doc__ or "", text, path)]


def _price(ax: Axes, run: Run, structure: str, records: list[Record]) -> list[dict[str, Any]]:
    sizes = sorted({r.case["message_bytes"] for r in records})
    found = group(records, lambda r: (r.case["publication"], r.case["message_bytes"]))
    names, rows = [], []
    for orders, size in ((o, s) for o in litmus.ORDERS for s in sizes if (o, s) in found):
        mine = found[orders, size]
        at = paired.over_launches(run, mine, paired.more_ns(BASELINE))
        if at is None:
            continue
        of = paired.over_launches(run, mine, paired.times(BASELINE))
        paired.dot(ax, at, len(names), style.PALETTE[litmus.ORDERS.index(orders)],
                   f"{at.value:+.3g} ns, {of.value:.3g}×" if of else "")  # fmt: skip
        names.append(_orders(orders) + (f", {size} B" if len(sizes) > 1 else ""))
        rows.append({"panel": HANDOFFS[structure], "orders": orders, "message_bytes": size,
                     **paired.columns(at), "times": of.value if of else None,
                     "times_lo": of.lo if of else None, "times_hi": of.hi if of else None})  # fmt: skip
    paired.rows_of(ax, names)
    ax.axvline(0, lw=0.8, color=style.MUTED)
    ax.margins(x=0.18)
    ax.set(title=HANDOFFS[structure], xlabel="more than relaxed [ns]")
    return rows


def _litmus(ax: Axes, run: Run, seen: list[litmus.Seen]) -> list[dict[str, Any]]:
    rows, least = [], min(one.below for one in seen)
    for y, one in enumerate(seen):
        colour = style.PALETTE[litmus.ORDERS.index(one.orders)]
        if one.weak and one.at:
            ax.plot(max(one.at.value, least), y, "o", color=colour, ms=4.5)
            if one.at.lo is not None and one.at.hi is not None:
                ax.plot([max(one.at.lo, least), one.at.hi], [y, y], color=colour, lw=1.4)
        else:
            ax.plot(one.below, y, marker=8, color=colour, ms=7)
        ax.text(0.0, y - 0.27, litmus.words(run, one), fontsize=7, color=style.MUTED,
                transform=ax.get_yaxis_transform())  # fmt: skip
        rows.append({"panel": "litmus", "orders": one.orders, "test": one.test, "rounds": one.rounds,
                     "weak": one.weak, "raced": one.raced, "below": None if one.weak else one.below,
                     **paired.columns(one.at)})  # fmt: skip
    paired.rows_of(ax, [f"{one.test.replace('_', ' ')}\n{_orders(one.orders)}" for one in seen])
    ax.set_xscale("log")
    ax.set_xlim(least / 3, 1.5)
    ax.set(title="litmus tests", xlabel="rounds with the weak outcome [share]")
    return rows


def _orders(orders: str) -> str:
    return orders.replace("release_acquire", "release/acquire")


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
