#!/usr/bin/python3
"""How long to spin before sleeping, against a peer that thinks for a while before it answers.

A row each transport. Left: CPU time of both ends per round trip, less the server's thinking, against the spin budget;
one line a mean time to think (exponential), its best budget ringed. Right: regret, what a budget spends over what the
best one spends against the same peer, for the peer that it suits least; the optimum is the least. The grey band is C,
the cost of a wake-up, with its 95 % interval: by the competitive argument a budget of C never regrets more than 2
(dotted). Arrows: the interval goes on beyond the panel, to 0 or without a bound, so that nothing is resolved there.

    analysis/spin_budget.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

import figure
import spin_model
import style
from figure import Drawn
from records import Run
from spin_model import COMPETITIVE, Spun, spun

TITLE = "Spin, then block: the budget against the competitive argument"


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """spin_budget.svg."""
    found = spun(run)
    if not found:
        return []
    fig, axes = figure.grid(2 * len(found), columns=2, labels=["thinks 300 µs"])
    figure.title(fig, TITLE)
    words = []
    for i, each in enumerate(found):
        _spending(axes[2 * i], each)
        _regret(axes[2 * i + 1], each)
        words.append(spin_model.words(each))
    mine = run.of("timeout", pattern="ask", wait="spin_then_block")
    text = style.caption(run, [r for r in mine if r.case.get("think_ns", 0) > 0])
    text = " · ".join([text, *words])
    style.finish(fig, text)
    path = style.save(
        fig, out_dir, "spin_budget", [r for each in found for r in spin_model.rows(each)]
    )
    return [Drawn("spin_budget", TITLE, __doc__ or "", text, path)]


def _spending(ax: Axes, each: Spun) -> None:
    ends, at = [], {b: i for i, b in enumerate(each.budgets)}
    for i, think in enumerate(each.thinks):
        colour = style.PALETTE[i % len(style.PALETTE)]
        points = [each.spending[b, think] for b in each.budgets]
        ax.plot(list(at.values()), [p.value for p in points], "o-", color=colour, ms=3.5)
        if all(p.lo is not None for p in points):
            ax.fill_between(list(at.values()), [p.lo for p in points], [p.hi for p in points],
                            color=colour, alpha=0.2, lw=0)  # fmt: skip
        best = min(each.budgets, key=lambda b: each.spending[b, think].value)
        ax.plot(at[best], each.spending[best, think].value, "o", ms=9, mfc="none", mec=colour)
        ends.append(
            (at[each.budgets[-1]], points[-1].value, f"thinks {style.time_label(think)}", colour)
        )
    ax.set(
        title=f"{each.transport}: CPU less thinking", ylabel="per round trip [time]", yscale="log"
    )
    style.cut(ax, [(at[b], each.spending[b, t]) for b in each.budgets for t in each.thinks])
    style.log_axis(ax.yaxis)
    _budgets(ax, each)
    style.label_ends(ax, ends)


def _regret(ax: Axes, each: Spun) -> None:
    xs, points = range(len(each.budgets)), [each.regret[b] for b in each.budgets]
    ax.plot(xs, [p.value for p in points], "o-", color=style.INK, ms=3.5)
    if all(p.lo is not None for p in points):
        ax.fill_between(
            xs, [p.lo for p in points], [p.hi for p in points], color=style.INK, alpha=0.15, lw=0
        )
    best = min(range(len(points)), key=lambda i: points[i].value)
    ax.plot(best, points[best].value, "o", ms=9, mfc="none", mec=style.INK)
    ax.axhline(COMPETITIVE, color=style.MUTED, lw=1, ls=(0, (1, 1.2)))
    ax.set(
        title=f"{each.transport}: regret against the worst peer",
        ylabel="times the best",
        yscale="log",
    )
    style.cut(ax, list(zip(xs, points)))
    style.log_axis(ax.yaxis, lambda v, _=None: f"{v:g}")
    _budgets(ax, each)


def _budgets(ax: Axes, each: Spun) -> None:
    """Evenly spaced, so that 0 has a place; C lies between two of them."""
    ax.set_xticks(
        range(len(each.budgets)), [style.time_label(b) if b else "0" for b in each.budgets]
    )
    ax.set_xlabel("spin budget [time]")
    low, high = each.wake_up.lo or each.wake_up.value, each.wake_up.hi or each.wake_up.value
    left, right = place(low, each.budgets) - 0.04, place(high, each.budgets) + 0.04
    ax.axvspan(left, right, color=style.GREY, alpha=0.45, lw=0)
    ax.annotate("C", (left, 0.96), (-3, 0), ("data", "axes fraction"), "offset points", ha="right")


def place(value: float, budgets: list[float]) -> float:
    """Where a time lies on an axis of evenly spaced budgets: in ratio, and below the first above 0 in proportion."""
    known = np.log(np.maximum(budgets, budgets[1] / 10))
    return float(np.interp(np.log(max(value, budgets[1] / 10)), known, np.arange(len(budgets))))


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
