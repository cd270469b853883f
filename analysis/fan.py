#!/usr/bin/python3
"""What many senders to one, and one to many, get out of a channel, against the number of ends at the open side.

Messages per second of all ends together, Jain's index over the ends of the open side (1: all got the same), and how
long a message was under way (p50 solid, p99 thin). Points are medians over launches with their 95 % interval. In the
grey part there are more ends than CPUs: they share them in turn, and the scheduler's fairness is measured as well.

    analysis/fan.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

import dealt
import families
import figure
import style
from figure import Drawn
from records import Record, Run, group

TITLE = "Many to one, one to many"
SIDES = {
    "producers": ("client", "senders to one receiver"),
    "consumers": ("server", "receivers of one sender"),
}
ROWS = ("messages [1/s]", "Jain's index [1]", "under way [time]")


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """fan.svg: a column a direction."""
    records = run.of("fan")
    if not records:
        return []
    fig, axes = figure.grid(6, row_in=2.5, columns=2, gap_in=0.68)
    fig.subplots_adjust(right=0.985, wspace=0.2)
    figure.title(fig, TITLE)
    looks, rows = families.looks(run), []
    for column, (side, (role, words)) in enumerate(SIDES.items()):
        other = "consumers" if side == "producers" else "producers"
        mine, here = axes[column::2], [r for r in records if r.case[other] == 1]
        mine[0].set_title(words)
        for name, members in group(here, lambda r: r.transport).items():
            rows += _line(mine, members, side, role, looks[name])
        _axes(mine, here, side, column == 0)
    dealt.key(fig, records, looks)
    return figure.finished(fig, run, out_dir, ("fan", TITLE, __doc__), records, rows)


def _line(
    axes: list[Axes], records: list[Record], side: str, role: str, look: families.Look
) -> list[dict[str, Any]]:
    values = {
        "per_s": dealt.per_s,
        "jain": lambda r: dealt.jain(r, role),
        "p50_ns": lambda r: dealt.delivery_ns(r, 50),
        "p99_ns": lambda r: dealt.delivery_ns(r, 99),
        "cpu_ns_per_message": dealt.cpu_ns,
    }
    rows = []
    for ends, here in sorted(group(records, lambda r: r.case[side]).items()):
        found = {n: dealt.over_launches(here, value) for n, value in values.items()}
        row: dict[str, Any] = {"transport": here[0].transport, "side": side, "ends": ends}
        row |= {n: i.value if i else math.nan for n, i in found.items()}
        total = found["per_s"]
        row |= {"lo": total.lo, "hi": total.hi, "launches": total.n} if total else {}
        rows.append(row | {"oversubscribed": int("oversubscribed" in here[0].raw)})
    xs, ink = [r["ends"] for r in rows], {"color": look.colour, "marker": look.marker or "."}
    for ax, name in zip(axes, ("per_s", "jain", "p50_ns")):
        ax.plot(xs, [r[name] for r in rows], **ink)
    axes[2].plot(xs, [r["p99_ns"] for r in rows], color=look.colour, lw=0.7)
    band = [r for r in rows if r.get("lo") is not None]
    axes[0].fill_between([r["ends"] for r in band], [r["lo"] for r in band], [r["hi"] for r in band],
                         color=look.colour, alpha=0.2, lw=0)  # fmt: skip
    return rows


def _axes(axes: list[Axes], records: list[Record], side: str, first: bool) -> None:
    ends = sorted({r.case[side] for r in records})
    alone = [r.case[side] for r in records if "oversubscribed" not in r.raw]
    for ax, words in zip(axes, ROWS):
        style.byte_axis(ax, ends or [1, 2], side)
        if alone and max(alone) < max(ends):
            ax.axvspan(
                max(alone) * 1.2, ax.get_xlim()[1], color=style.GRID, alpha=0.5, lw=0, zorder=0
            )
        if first:
            ax.set_ylabel(words)
    axes[0].set_yscale("log")
    style.log_axis(axes[0].yaxis, lambda v, _: style.rate_label(v, "/s"))
    axes[1].set_ylim(0, 1.05)
    axes[2].set_yscale("log")
    style.log_axis(axes[2].yaxis)


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
