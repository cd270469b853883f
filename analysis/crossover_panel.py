"""One panel of the ratio plot: dots, intervals, T, the hybrid's own choice, and the dominance map at its foot."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

import crossing
import crossover_rows
import style
from crossover_fit import Finding

QUEUE_INK, SHM_INK, AUTO_INK = style.PALETTE[1], style.PALETTE[0], style.INK
INKS = {crossing.kQueue: QUEUE_INK, crossing.kShm: SHM_INK, crossing.kUndecided: style.PAPER}
AUTO_DASHES, PLAIN_INK = (0, (4, 1.5)), style.PALETTE[6]
STRIP = 0.06  # of the panel's height


def keys(page: list[Finding], plain: list[dict]) -> list:
    """What dots, lines, bands and the strip mean; only what the page has."""
    dot = {"ls": "", "marker": "o", "ms": 4}
    keys: list = [
        Line2D([], [], color=QUEUE_INK, label="queue faster", **dot),
        Line2D([], [], color=SHM_INK, label="shared memory faster", **dot),
        Line2D([], [], mfc="none", mec=style.MUTED, label="undecided", **dot),
    ]
    if any(f.auto is not None for f in page):
        keys.append(Line2D([], [], color=AUTO_INK, ls=AUTO_DASHES, lw=1, label="auto / queue"))
    if any(plain):
        keys.append(Line2D([], [], color=PLAIN_INK, lw=1, label="plain queue / queue"))
    keys.append(Patch(fc=style.PALETTE[2], alpha=0.35, label="T [lo, hi]"))
    return keys


def draw(ax: Axes, one: Finding, title: str, plain: dict[float, float]) -> None:
    sizes = np.array(one.answer.sizes)
    ratios = [crossover_rows.as_ratio(d) for d in one.answer.difference]
    values = np.array([r.value for r in ratios])
    low, high = (np.array([getattr(r, b) or r.value for r in ratios]) for b in ("lo", "hi"))
    ax.fill_between(sizes, low, high, color=style.MUTED, alpha=0.25, lw=0)
    for who, ink in INKS.items():
        here = np.array([name == who for name in one.answer.dominance])
        face = ink if ink != style.PAPER else "none"
        edge = style.MUTED if face == "none" else ink
        ax.plot(sizes[here], values[here], "o", mfc=face, mec=edge, mew=0.7, zorder=3)
    if plain:
        ax.plot(list(plain), list(plain.values()), color=PLAIN_INK, lw=1)
    if one.auto is not None:
        ax.plot(*crossover_rows.auto_over_queue(one), color=AUTO_INK, ls=AUTO_DASHES, lw=1)
    ax.axhline(1, color=style.INK, lw=0.8)
    ax.set_yscale("log")
    # A few wild intervals would squeeze what the dots say: they may leave the panel.
    below = min(values.min(), *np.quantile(low, [0.1]), *plain.values(), 0.95)
    above = max(values.max(), *np.quantile(high, [0.9]), *plain.values(), 1.05)
    ax.set_ylim(below / (above / below) ** 0.18, above * (above / below) ** 0.06)
    style.byte_axis(ax, one.costs.sizes)
    style.log_axis(ax.yaxis, lambda v, _: f"{v:g}")
    if ax.get_subplotspec().is_first_col():
        ax.set_ylabel("shared memory / queue [ratio]")
    _bands(ax, one)
    _strip(ax, one)
    words = textwrap.fill(crossover_rows.headline(one), 44)
    ax.set_title(f"{title}\n{words}", fontsize=8.5, fontweight="normal")


def _bands(ax: Axes, one: Finding) -> None:
    left, right = ax.get_xlim()
    for c in one.answer.crossings if one.answer.judged else ():
        if c.lo is not None and c.hi is not None:
            ax.axvspan(max(c.lo, left), min(c.hi, right), color=style.PALETTE[2], alpha=0.25, lw=0)
        ax.axvline(c.T_bytes, color=style.PALETTE[2], lw=1.1)


def _strip(ax: Axes, one: Finding) -> None:
    """The dominance map; each size reaches half way to its neighbours."""
    for low, high, who in crossover_rows.dominance(one):
        hatched = who not in INKS
        ax.axvspan(low, high, 0, STRIP, fc="none" if hatched else INKS[who], ec=style.MUTED, lw=0.3,
                   hatch="////" if hatched else None, zorder=2)  # fmt: skip
