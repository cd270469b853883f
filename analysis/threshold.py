"""T as a band in other figures."""

from __future__ import annotations

from matplotlib.axes import Axes

import crossover_fit
import families
import style
from records import Run
from panels import Panel

HEADLINE = "p50"
CONDITION = ("placement", "wait", "idle", "touch")  # T holds for one condition


def bands(ax: Axes, run: Run, panel: Panel) -> None:
    """T [lo, hi] of each hybrid that was asked under the panel's condition, where it or its queue stands in it."""
    first = panel.records[0].case
    names = {s.transport for s in panel.series}
    looks = families.looks(run)
    found = [
        f
        for f in crossover_fit.of_run(run)
        if f.costs.metric == HEADLINE
        and f.answer.T_bytes
        and f.answer.judged
        and not names.isdisjoint({f.costs.axes["transport"], f.queue})
        and all(f.costs.axes.get(n) == first.get(n) for n in CONDITION)
    ]
    for i, finding in enumerate(sorted(found, key=lambda f: f.answer.T_bytes or 0)):
        answer, colour = finding.answer, looks[finding.costs.axes["transport"]].colour
        low, high = ax.get_xlim()
        if answer.lo is not None and answer.hi is not None:
            ax.axvspan(max(answer.lo, low), min(answer.hi, high), color=colour, alpha=0.16, lw=0)
        ax.axvline(answer.T_bytes, color=colour, lw=0.8, alpha=0.8)
        words = f"T {finding.queue} {style.about_bytes(answer.T_bytes)}"
        ax.annotate(words, (answer.T_bytes, 0.98 - 0.05 * i), (-3, 0), color=colour, fontsize=7,
                    xycoords=("data", "axes fraction"), textcoords="offset points",
                    ha="right", va="top", bbox={"fc": style.PAPER, "ec": "none", "pad": 0.6})  # fmt: skip
