#!/usr/bin/python3
"""Whether one slow consumer holds up the others, by how the consumers come by their messages.

Left to right: one queue of which anybody takes the head; one whose head is for one consumer, without and with credits;
a queue for each. Against how long the slow one is busy with a message (0: nobody is slow; ∞: stopped). Above: what a
healthy consumer gets, as a share of what it gets when nobody is slow, in the same launch; dotted, 95 %. Middle: how
long a message to a healthy one is under way, p50 solid, p99 thin. Below: Jain's index over all consumers.

    analysis/hol_blocking.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, PercentFormatter

import dealt
import families
import figure
import style
from figure import Drawn
from records import Record, Run, group

TITLE = "One slow consumer: what the others get"
ROWS = ("healthy throughput [%]", "delivery, healthy [time]", "Jain's index, all [1]")
ENOUGH = 0.95
EACH = {
    "healthy_per_s": dealt.healthy_per_s,
    "jain": dealt.jain,
    "p50_ns": lambda r: dealt.delivery_ns(r, 50),
    "p99_ns": lambda r: dealt.delivery_ns(r, 99),
}


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """hol_blocking.svg: a column an arrangement."""
    records = run.of("hol_blocking")
    if not records:
        return []
    kinds = sorted(group(records, dealt.arrangement), key=dealt.arrangement_order)
    pauses = sorted({r.case["pause_ns"] for r in records}, key=dealt.pause_order)
    fig, axes = figure.grid(3 * len(kinds), row_in=2.5, columns=len(kinds), gap_in=0.5)
    fig.subplots_adjust(
        wspace=0.12, top=1 - 0.95 / fig.get_size_inches()[1], right=0.985, left=0.085
    )
    figure.title(fig, TITLE)
    looks, kept, rows = families.looks(run), dealt.kept(records), []
    for column, kind in enumerate(kinds):
        mine = [axes[column + i * len(kinds)] for i in range(3)]
        mine[0].set_title(kind, fontsize=8.5)
        for name, members in group(records, lambda r: r.transport).items():
            here = [r for r in members if dealt.arrangement(r) == kind]
            rows += _column(mine, here, pauses, kept, looks[name]) if here else []
    _axes(axes, len(kinds), pauses)
    dealt.key(fig, records, looks)
    return figure.finished(fig, run, out_dir, ("hol_blocking", TITLE, __doc__), records, rows)


def _column(
    axes: list[Axes], records: list[Record], pauses: list, kept: dict, look: families.Look
) -> list[dict[str, Any]]:
    rows = [_row(here, kept) for here in group(records, lambda r: r.case["pause_ns"]).values()]
    rows.sort(key=lambda r: dealt.pause_order(r["pause_ns"]))
    xs = [pauses.index(r["pause_ns"]) for r in rows]
    ink = {"color": look.colour, "marker": look.marker or "."}
    axes[0].plot(xs, [r["kept"] for r in rows], **ink)
    axes[0].vlines(xs, *([r["kept"] if r.get(e) is None else r[e] for r in rows] for e in ("lo", "hi")),
                   color=look.colour, lw=0.8)  # fmt: skip
    axes[1].plot(xs, [r["p50_ns"] for r in rows], **ink)
    axes[1].plot(xs, [r["p99_ns"] for r in rows], color=look.colour, lw=0.7)
    axes[2].plot(xs, [r["jain"] for r in rows], **ink)
    return rows


def _row(here: list[Record], kept: dict) -> dict[str, Any]:
    key = (here[0].transport, dealt.arrangement(here[0]), here[0].case["pause_ns"])
    row: dict[str, Any] = dict(zip(("transport", "arrangement", "pause_ns"), key))
    share = kept.get(key)
    row |= {"kept": share.value, "lo": share.lo, "hi": share.hi} if share else {"kept": math.nan}
    for name, value in EACH.items():
        found = dealt.over_launches(here, value)
        row[name] = found.value if found else math.nan
    return row | {"launches": share.n if share else 0}


def _axes(axes: list[Axes], columns: int, pauses: list) -> None:
    """The same limits along a row; words at its left edge only."""
    names = {0: "0", dealt.STOPPED: "∞"}
    for i, ax in enumerate(axes):
        ax.set_xticks(range(len(pauses)), [names.get(p) or style.time_label(p) for p in pauses])
        ax.set_xlim(-0.3, len(pauses) - 0.7)
        ends = [y for a in axes[i // columns * columns :][:columns] for y in a.dataLim.intervaly]
        ends = [y for y in ends if math.isfinite(1.5 * y)]  # a panel may have nothing to show
        if i < columns:
            ax.axhline(ENOUGH, color=style.MUTED, lw=1, ls=(0, (1, 1.2)))
            ax.set_yscale("symlog", linthresh=0.01, linscale=0.4)
            ax.set_ylim(-0.001, max([2.5, *(1.3 * y for y in ends)]))
            ax.yaxis.set_major_locator(FixedLocator([0, 0.01, 0.1, 1, 10, 100]))
            ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        elif i < 2 * columns:
            if ends:
                ax.set_ylim(min(ends) / 1.5, max(ends) * 1.5)
            style.log_axis(ax.yaxis)
        else:
            ax.set(ylim=(0, 1.05), xlabel="slow one is busy [time]")
        ax.set_ylabel(ROWS[i // columns]) if i % columns == 0 else ax.set_yticklabels([])


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
