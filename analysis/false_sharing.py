#!/usr/bin/python3
"""What a neighbour costs, against its distance: the time of an operation beside another process's word, less its time alone.

One panel a neighbour (what it does to its word) and pace, one line an operation: the median over launches of the median
difference between neighbouring windows with and without the neighbour, with its 95 % interval. Zero is alone. The
dashed line is the coherency line size that the kernel reports; where a line falls to the far level is found from the
records and stands in the caption. Plain stores wait in the store buffer: theirs must lie at zero, whatever the
distance. The second figure is the layouts that communication makes by itself, against the widest of the same launch:
below zero, packed wins.

    analysis/false_sharing.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from typing import Any

from matplotlib.lines import Line2D

import figure
import lines
import sharing_layouts
import steps
import style
from families import Look
from figure import Drawn
from records import Record, Run, group, select
from series import Levels, Series, series
from sharing_values import NULL_SHARE, excess_ns, knee, line_bytes, rounds

TITLE = "What a neighbour costs, by its distance"
CONDITIONS = ("neighbour", "pace_ns", "offset_bytes", "idle", "placement", "roles")
OPERATIONS = ("store", "increment", "locked_increment", "compare_exchange", "fenced_store")


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """false_sharing.svg and false_sharing_layouts.svg."""
    records = run.of("false_sharing")
    words = [r for r in select(records, structure="words") if rounds(r, "ns")]
    found = [_words(run, words, out_dir)] if words else []
    return found + sharing_layouts.draw(run, records, out_dir)


def _words(run: Run, records: list[Record], out_dir: Path) -> Drawn:
    levels, size = Levels.of(run), line_bytes(run)
    varied = [n for n in CONDITIONS if len({r.case[n] for r in records}) > 1]
    panels = group(records, lambda r: tuple(r.case[n] for n in varied))
    fig, axes = figure.grid(len(panels), columns=min(len(panels), 3))
    figure.title(fig, TITLE)
    rows, knees, null = [], [], []
    for ax, key in zip(axes, sorted(panels, key=str)):
        name = ", ".join(_condition(n, v) for n, v in zip(varied, key)) or "all"
        for line in series(panels[key], levels, "distance_bytes", excess_ns, {"operation"}):
            step = knee(line)
            colour = style.PALETTE[OPERATIONS.index(line.records[0].case["operation"])]
            lines.draw_line(ax, line, Look(colour, "o"), "-")
            rows += [_row(name, line, p, step, size) for p in line.points]
            (knees if step else null).append((line, name, step))
        _frame(ax, name, size)
    figure.key(fig, _keys(records, size))
    text = " · ".join([style.caption(run, records, style.absent(records)), *_found(knees, size),
                       *_null(null), *levels.words()])  # fmt: skip
    style.finish(fig, text)
    path = style.save(fig, out_dir, "false_sharing", rows)
    return Drawn("false_sharing", TITLE, __doc__ or "", text, path)


def _keys(records: list[Record], size: int | None) -> list[Line2D]:
    used = {r.case["operation"] for r in records}
    keys = [Line2D([], [], color=style.PALETTE[i], label=o) for i, o in enumerate(OPERATIONS) if o in used]  # fmt: skip
    dashed = Line2D([], [], ls="--", color=style.INK, label=f"coherency line, {size} B")
    return keys + ([dashed] if size else [])


def _frame(ax: Any, name: str, size: int | None) -> None:
    if size:
        ax.axvline(size, ls="--", lw=0.9, color=style.INK, zorder=2)
    ax.axhline(0, lw=0.8, color=style.MUTED, zorder=2)
    ax.set(title=name, xlabel="distance of the two words [B]")
    ax.set_ylabel("excess over alone [ns/operation]")
    ax.set_xticks(range(0, int(ax.get_xlim()[1]) + 1, size or 64))
    ax.tick_params(axis="x", labelsize=7)


def _condition(name: str, value: Any) -> str:
    if name == "pace_ns":
        return f"pause {value} ns" if value else "no pause"
    return f"neighbour {value}" if name == "neighbour" else f"{name} {value}"


def _found(knees: list[tuple[Series, str, steps.Step]], size: int | None) -> list[str]:
    """Where lines fell, the most common first, and which did so elsewhere than at a coherency line."""
    if not knees:
        return []
    at = [step.first for _, _, step in knees]
    usual = max(set(at), key=at.count)
    said = f"the excess ends at {usual:.0f} B on {at.count(usual)} of {len(at)} lines"
    beside = f" (coherency_line_size {size} B: {'equal' if usual == size else 'NOT equal'})"
    odd = [f"{l.label.split(' ', 1)[1]} at {s.first:.0f} B ({n})" for l, n, s in knees if s.first != usual]  # fmt: skip
    return [said + (beside if size else ""), *(["elsewhere: " + "; ".join(odd)] if odd else [])]


def _null(null: list[tuple[Series, str, None]]) -> list[str]:
    names = sorted({line.label.split(" ", 1)[1] for line, _, _ in null})
    return [f"no effect at any distance (below {NULL_SHARE:.0%}): {', '.join(names)}"] if names else []  # fmt: skip


def _row(name: str, line: Series, point: Any, step: Any, size: int | None) -> dict[str, Any]:
    record = next(r for r in line.records if r.case["distance_bytes"] == point.x)
    return {"panel": name, "operation": record.case["operation"], "distance_bytes": int(point.x),
            "excess_ns": point.interval.value, "lo": point.interval.lo, "hi": point.interval.hi,
            "launches": point.interval.n, "solo_ns": median(rounds(record, "solo_ns")),
            "knee_bytes": step.first if step else None, "coherency_line_size": size}  # fmt: skip


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
