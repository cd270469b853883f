#!/usr/bin/python3
"""What a message costs in system calls and copies, one row a transport: like for like.

Calls per message, one way, of both ends together, counted while a few hundred messages of the smallest size passed:
what did something (filled), what found nothing to do (EAGAIN, pale), what failed (red). Left there and back, right one
way; behind each bar the payload copies that the transport declares. A blocking end never looks in vain; how often a
spinning one does depends on how long it waits, here for an end that is being watched. Other sizes, and the calls by
name, are in the CSV. One figure a wait policy.

    analysis/system_calls.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Patch

import by_row
import families
import figure
import style
from figure import Drawn
from style import absent
from records import Record, Run, axis, case_key, group

TITLE = "System calls and copies of a message"
PATTERNS = {"ping": "there and back", "pour": "one way"}
OUTCOMES = ("ok", "again", "error")
FAILED = "#c1121f"
MOST = 12  # calls a message that an axis shows; what is beyond has its number


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """system_calls.svg, and one more for each further wait policy."""
    records = run.of("system_calls")
    found = []
    for i, (wait, members) in enumerate(sorted(group(records, lambda r: r.case["wait"]).items())):
        name = f"system_calls-{i + 1}" if i else "system_calls"
        least = axis(members, "message_bytes")[0]
        shown = [r for r in members if r.message_bytes == least]
        rows = by_row.names(shown)
        looks = families.looks(run)
        patterns = [p for p in PATTERNS if any(r.case["pattern"] == p for r in shown)]
        fig, axes = figure.grid(
            len(patterns), row_in=by_row.height_in(len(rows)), columns=len(patterns)
        )
        fig.subplots_adjust(left=0.2, wspace=0.08)
        title = f"{TITLE}: wait {wait}, {style.bytes_label(least)} B"
        figure.title(fig, title)
        for ax, pattern in zip(axes, patterns):
            _bars(ax, rows, pattern, looks)
            ax.set_title(PATTERNS[pattern])
        widest = max(ax.dataLim.x1 for ax in axes)
        for ax in axes:  # one scale, and room for the words behind the longest bar
            ax.set_xlim(0, min(widest, MOST) * 1.4 or 1)
        for ax in axes[1:]:
            ax.set_yticklabels([])
        keys = [("did something", 1.0), ("found nothing (EAGAIN)", 0.35)]
        figure.key(fig, [*(Patch(color=style.MUTED, alpha=a, label=t) for t, a in keys),
                         Patch(color=FAILED, label="failed")])  # fmt: skip
        missing = absent(r for r in run.records if r.experiment == "system_calls")
        text = style.caption(run, members, missing)
        style.finish(fig, text)
        path = style.save(fig, out_dir, name, _rows(members))
        found.append(Drawn(name, title, __doc__ or "", text, path))
    return found


def _bars(ax: Axes, rows: dict[str, list[Record]], pattern: str, looks: dict[str, Any]) -> None:
    for y, (label, members) in enumerate(rows.items()):
        mine = [r for r in members if r.case["pattern"] == pattern]
        if not mine:
            continue
        left, counts = 0.0, _counts(mine)
        colour = looks[mine[0].transport].colour
        for outcome, shade, alpha in zip(OUTCOMES, (colour, colour, FAILED), (1, 0.35, 1)):
            ax.barh(y, counts[outcome], left=left, color=shade, alpha=alpha, height=0.7)
            left += counts[outcome]
        copies = mine[0].metric.get("copies")
        text = f"{left:.3g} · {copies} {'copy' if copies == 1 else 'copies'}"
        ax.annotate(text, (min(left, MOST), y), (3, 0), textcoords="offset points", fontsize=7,
                    va="center", color=style.INK)  # fmt: skip
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_yticks(range(len(rows)), list(rows), fontsize=7)
    ax.set_xlabel("calls a message, both ends")
    ax.grid(axis="y", visible=False)


def _counts(records: list[Record]) -> dict[str, float]:
    found = {}
    for outcome in OUTCOMES:
        many = by_row.over_launches(records, lambda r: r.values.get(f"{outcome}_per_message", 0))
        found[outcome] = many.value if many else 0.0
    return found


def _rows(records: list[Record]) -> list[dict[str, Any]]:
    rows = []
    for key, members in group(records, case_key).items():
        case = dict(key)
        names: Counter[str] = Counter()
        for role in members[0].raw["roles"]:
            for name, ends in (role.get("system_calls") or {}).items():
                names[name] += sum(ends.values())
        told = {n: case[n] for n in ("transport", "path", "access", "backing", "wait", "touch")}
        told |= {n: case[n] for n in ("pattern", "message_bytes", "batch")}
        told |= {"copies": members[0].metric.get("copies")} | _counts(members)
        calls = " ".join(f"{n}:{c}" for n, c in sorted(names.items()))
        rows.append({**told, "messages": members[0].raw["messages"], "first_launch": calls})
    return rows


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
