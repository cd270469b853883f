#!/usr/bin/python3
"""What it costs that shared memory lies at different addresses: a hop by offset against one by raw pointer, and who arrives.

One panel a size of the list: what a hop from node to node takes more than by a raw pointer at a common address, whose
windows stood between: the median over launches of the median difference, with its 95 % interval. The shaded band is the
goal, 1 ns either way; raw against raw is the control. Last panel: children that mapped the list at another address than
its maker and followed it, with nothing at the old address or with another list there: the share that arrived, read
something else without notice, or were killed by the kernel. That raw pointers kill their reader is the expected result.

    analysis/offset_pointers.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Patch

import figure
import paired_values as paired
import style
from figure import Drawn
from records import Record, Run, group

TITLE = "Offsets instead of pointers"
KINDS = ("raw", "offset64", "offset32", "self_relative")
WORDS = {"raw": "raw pointer", "offset64": "base + 64 bits", "offset32": "base + 32 bits", "self_relative": "self-relative"}  # fmt: skip
LEFT = {"elsewhere": "nothing there", "occupied": "another list there"}
CAME = ("right", "wrong", "faults")
COLOURS = dict(zip(CAME, (style.PALETTE[2], style.PALETTE[4], style.PALETTE[1])))
BASELINE = "raw_ns"
GOAL_NS = 1.0
PAGE = 4096


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """offset_pointers.svg."""
    records = [r for r in run.of("offset_pointers") if paired.pairs(r, BASELINE)]
    if not records:
        return []
    sizes = group(records, lambda r: r.case["working_pages"])
    count = len(sizes) + 1
    fig, axes = figure.grid(count, columns=min(count, 3))
    fig.subplots_adjust(left=0.13, wspace=0.55)
    figure.title(fig, TITLE)
    rows, notes = [], []
    for ax, pages in zip(axes, sorted(sizes)):
        rows += _hops(ax, run, pages, sizes[pages])
        raw = [r for r in sizes[pages] if r.case["pointers"] == "raw"]
        at = paired.over_launches(run, raw, paired.times(BASELINE))
        notes.append(paired.null_words(at, f"{_size(pages)}, raw / raw"))
    rows += _followers(axes[len(sizes)], records)
    figure.key(fig, [Patch(color=COLOURS[c], label=w) for c, w in zip(CAME, ("arrived", "read something else", "killed"))])  # fmt: skip
    text = " · ".join(
        [style.caption(run, records, style.absent(records)), *notes, *paired.level_words(run)]
    )
    style.finish(fig, text)
    path = style.save(fig, out_dir, "offset_pointers", rows)
    return [Drawn("offset_pointers", TITLE, __doc__ or "", text, path)]


def _size(pages: int) -> str:
    return f"list of {style.bytes_label(pages * PAGE)}"


def _hops(ax: Axes, run: Run, pages: int, records: list[Record]) -> list[dict[str, Any]]:
    found, rows, names = group(records, lambda r: r.case["pointers"]), [], []
    for kind in (k for k in KINDS if k in found):
        at = paired.over_launches(run, found[kind], paired.more_ns(BASELINE))
        hop = paired.over_launches(run, found[kind], lambda r: r.p50_ns)
        if at is None or hop is None:
            continue
        paired.dot(ax, at, len(names), style.PALETTE[0], f"{at.value:+.2f} of {hop.value:.3g} ns")
        names.append(WORDS[kind])
        rows.append({"panel": _size(pages), "pointers": kind, **paired.columns(at), "hop_ns": hop.value})  # fmt: skip
    paired.rows_of(ax, names)
    ax.axvspan(-GOAL_NS, GOAL_NS, color=style.GRID, zorder=0)
    ax.axvline(0, lw=0.8, color=style.MUTED)
    ax.set_xlim(min(ax.get_xlim()[0], -1.3), max(ax.get_xlim()[1], 1.3))
    ax.set(title=_size(pages), xlabel="a hop, more than by raw pointer [ns]")
    return rows


def _followers(ax: Axes, records: list[Record]) -> list[dict[str, Any]]:
    found, rows, names = group(records, lambda r: r.case["pointers"]), [], []
    for kind, left in ((k, l) for k in KINDS if k in found for l in LEFT):
        total = {c: sum(r.values[f"{left}_{c}"] for r in found[kind]) for c in (*CAME, "trials")}
        start = 0.0
        for came in CAME:
            width = total[came] / total["trials"] if total["trials"] else 0
            ax.barh(len(names), width, left=start, height=0.62, color=COLOURS[came])
            start += width
        names.append(f"{WORDS[kind]}\n{LEFT[left]}")
        rows.append({"panel": "children", "pointers": kind, "left": left,
                     **{k: int(v) for k, v in total.items()}})  # fmt: skip
    paired.rows_of(ax, names)
    ax.tick_params(axis="y", labelsize=6.5)
    ax.set(title="children that map it elsewhere", xlabel="children [share]", xlim=(0, 1.02))
    return rows


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
