#!/usr/bin/python3
"""What leaving idle states alone adds to a round trip, one row a transport.

The same case with the CPUs' idle states held shallow (filled) and left to the kernel (hollow). Between two sleeping
ends the difference is the wake from halt: it is the same for every mechanism and hides how they differ, which is
why the other figures hold idle states shallow.

    analysis/idle.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import sys
from pathlib import Path

import dumbbell
import families
import figure
import style
from dumbbell import Bar
from figure import Drawn
from records import Key, Record, Run, case_key, group
from series import Levels, point

TITLE = "What default idle states add"
DEFAULT = "default"


def pairs(run: Run) -> dict[Key, dict[str, list[Record]]]:
    """Latency cases measured both with default idle states and with held ones."""
    found: dict[Key, dict[str, list[Record]]] = {}
    for case, members in group(run.of("latency"), lambda r: case_key(r, ["idle"])).items():
        states = group(members, lambda r: r.case.get("idle"))
        if DEFAULT in states and len(states) > 1:
            found[case] = states
    return found


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """idle.svg, when the run measured both."""
    levels, looks = Levels.of(run), families.looks(run)
    bars, rows, used, held_as = [], [], [], set()
    for case, states in pairs(run).items():
        words = dict(case)
        left = point(states[DEFAULT], 0, lambda r: r.p50_ns, levels)
        for state in sorted(set(states) - {DEFAULT}):
            held = point(states[state], 0, lambda r: r.p50_ns, levels)
            if not held or not left:
                continue
            size = style.bytes_label(words["message_bytes"])
            names = [words["transport"], f"{size} B", words["wait"]]
            names += [words["path"]] if words.get("path", "raw") != "raw" else []
            label, colour = " · ".join(names), looks[words["transport"]].colour
            bars.append(Bar(label, colour, held.interval.value, left.interval.value))
            held_as.add(state)
            used += states[state] + states[DEFAULT]
            rows.append({"case": label, "idle": state, "held_ns": held.interval.value,
                         "held_lo": held.interval.lo, "held_hi": held.interval.hi,
                         "default_ns": left.interval.value, "default_lo": left.interval.lo,
                         "default_hi": left.interval.hi, "launches": left.interval.n})  # fmt: skip
    if not bars:
        return []
    bars.sort(key=lambda b: b.filled)
    height = dumbbell.height_in(len(bars))
    fig, (ax,) = figure.grid(1, row_in=height, labels=[b.label for b in bars])
    figure.title(fig, TITLE)
    dumbbell.draw(ax, bars, "round trip, p50 [time]")
    dumbbell.legend(ax, f"idle {', '.join(sorted(held_as))}", "idle default")
    dumbbell.names_right(ax)
    text = style.caption(run, used)
    style.finish(fig, text)
    path = style.save(fig, out_dir, "idle", rows)
    return [Drawn("idle", TITLE, __doc__ or "", text, path)]


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
