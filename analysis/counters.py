#!/usr/bin/python3
"""What the kernel and the hardware count for a message, one row a transport, one panel a counter.

Counts per message, one way, of both ends together, with the median over launches in words; user code's share dark, the
kernel's light, where the event can tell. They were counted in launches of their own, each end around its pattern loop
alone: switches, faults and CPU time by perf's software events, interrupts of the ends' CPUs by /proc/interrupts, the
rest by the PMU, where there is one. A counter that could not be had, or had to share the PMU, has no bar: it is missing,
not zero. Panels show counters of which there is any; all of them, by end, are in the CSV, other sizes too. One figure a wait policy and direction.

    analysis/counters.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import sys
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

import by_row
import counter_rows
import families
import figure
import style
from figure import Drawn
from style import absent
from counter_rows import PARTS, SUFFIX, value
from records import Record, Run, axis, group

TITLE = "Events of a message"
# What is shown first; the hardware's counters follow as they are found.
FIRST = ("context_switches", "task_clock_ns", "minor_faults", "reschedules", "function_calls",
         "tlb_shootdowns")  # fmt: skip
REPEATED = {"cpu_ns", "voluntary_switches", "involuntary_switches", "run_queue_wait_ns", "slots",
            "timer_interrupts"}  # fmt: skip
MOST = 9  # panels
PATTERNS = {"ping": "there and back", "pour": "one way"}
NOTHING = 0.01  # a message: less is what interrupted the launch, no event of its messages


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """counters.svg, and one more for each further wait policy and direction."""
    found = []
    alike = group(run.of("counters"), lambda r: (r.case["wait"], r.case["pattern"]))
    for i, ((wait, pattern), members) in enumerate(sorted(alike.items())):
        name = f"counters-{i + 1}" if i else "counters"
        least = axis(members, "message_bytes")[0]
        shown = [r for r in members if r.message_bytes == least]
        rows, names = by_row.names(shown), _shown(shown)
        columns = min(3, len(names))
        fig, axes = figure.grid(
            len(names), row_in=by_row.height_in(len(rows)) + 0.4, columns=columns
        )
        fig.subplots_adjust(left=0.2, wspace=0.12)
        title = f"{TITLE}: {PATTERNS[pattern]}, wait {wait}, {style.bytes_label(least)} B"
        figure.title(fig, title)
        looks = families.looks(run)
        for place, (ax, counter) in enumerate(zip(axes, names)):
            _bars(ax, rows, counter, looks)
            if place % columns:
                ax.set_yticklabels([])
        figure.key(fig, [Patch(color=style.MUTED, alpha=a, label=t) for t, a in PARTS.items()])
        missing = absent(r for r in run.records if r.experiment == "counters")
        text = style.caption(run, shown, missing)
        style.finish(fig, text)
        path = style.save(fig, out_dir, name, counter_rows.of(members))
        found.append(Drawn(name, title, __doc__ or "", text, path))
    return found


def _shown(records: list[Record]) -> list[str]:
    """Counters with a panel: those that are not nothing everywhere, the switches in any case."""
    all_names = {n.removesuffix(SUFFIX) for r in records for n in r.values if n.endswith(SUFFIX)}
    whole = [n for n in sorted(all_names) if n.rpartition("_")[2] not in PARTS]
    first = [n for n in FIRST if n in whole]
    order = first + [n for n in whole if n not in FIRST and n not in REPEATED]
    return [n for n in order if n == FIRST[0] or any(value(r, n) > NOTHING for r in records)][
        :MOST
    ] or order[:1]


def _bars(
    ax: Axes, rows: dict[str, list[Record]], counter: str, looks: dict[str, families.Look]
) -> None:
    for y, members in enumerate(rows.values()):
        whole = by_row.over_launches(members, lambda r: value(r, counter))
        if whole is None:
            continue
        left, colour = 0.0, looks[members[0].transport].colour
        for part, alpha in PARTS.items():
            share = by_row.over_launches(members, lambda r: value(r, f"{counter}_{part}"))
            if share is None:
                continue
            ax.barh(y, share.value, left=left, color=colour, alpha=alpha, height=0.7)
            left += share.value
        if left == 0:
            ax.barh(y, whole.value, color=colour, height=0.7)
        ax.annotate(_number(whole.value), (max(whole.value, left), y), (3, 0), fontsize=7,
                    textcoords="offset points", va="center", color=style.INK)  # fmt: skip
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_yticks(range(len(rows)), list(rows), fontsize=7)
    ax.set_xlim(0, ax.dataLim.x1 * 1.4 or 1)
    ax.set_xlabel(f"{'ns' if counter.endswith('_ns') else 'events'} a message, both ends")
    ax.set_title(counter.removesuffix("_ns").replace("_", " "))
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.grid(axis="y", visible=False)


def _number(count: float) -> str:
    return f"{count:,.0f}" if count >= 1000 else f"{count:.3g}"


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
