#!/usr/bin/python3
"""Whether a threshold is worth having for messages of many sizes, and how far from the best T one may be.

Each panel is one hybrid and one distribution of sizes. Across, the threshold T: at the left end everything goes through
shared memory, at the right end all through the queue. Up, what a message costs over the best T that the search found,
with 95 % intervals: time a message and CPU time of both ends (sent as fast as they go), p50 and p99 response (open
loop). The band is where the best T lies in 95 of 100 resamples of blocks, for the time a message; the vertical line and
the diamonds are the measured T (`auto`). Below the dotted line a T costs at most 3 % more than the best. Rings at the
right edge are transports without a T, among them the queue itself.

    analysis/mixture.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

import figure
import mixture_fit
import mixture_rows
import style
from figure import Drawn
from style import absent
from mixture_fit import Mixture
from records import Run

TITLE = "Messages of many sizes: cost against the threshold T"
HEADLINE = "ns_per_message"
COLOURS = dict(zip(mixture_fit.METRICS, style.PALETTE))


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """mixture.svg, a panel a hybrid and distribution, and further pages where one does not hold them."""
    panels = list(mixture_fit.by_case(mixture_fit.mixtures(run)).values())
    missing = absent(r for r in run.records if r.experiment == "mixture")
    found = []
    for suffix, part in figure.pages(panels, 6):
        fig, axes = figure.grid(len(part), columns=min(len(part), 2), row_in=3.9)
        fig.subplots_adjust(left=0.08, right=0.97, wspace=0.2, hspace=0.5)
        figure.title(fig, TITLE)
        for ax, members in zip(axes, part):
            _panel(ax, members)
        figure.key(fig, [Line2D([], [], color=COLOURS[m], label=t) for m, t in mixture_rows.NAMES.items()]
                   + [Line2D([], [], ls="", marker="D", color=style.INK, label="measured T")])  # fmt: skip
        records = [r for members in part for r in members[0].records]
        text = style.caption(run, records, missing)
        style.finish(fig, text, bottom_in=0.85)
        name = f"mixture{suffix}"
        path = style.save(
            fig, out_dir, name, [row for members in part for row in mixture_rows.plotted(members)]
        )
        found.append(Drawn(name, TITLE, __doc__ or "", text, path))
    return found


def _panel(ax: Axes, members: list[Mixture]) -> None:
    at = mixture_rows.places((*members[0].Ts, members[0].auto_T or 0))
    for one in members:
        ratios = mixture_fit.over_best(one)
        xs, colour = [at(T) for T in one.Ts], COLOURS[one.metric]
        ax.plot(xs, [r.value for r in ratios], "o-", color=colour, ms=3, lw=1.3)
        low, high = ([getattr(r, side) or math.nan for r in ratios] for side in ("lo", "hi"))
        ax.fill_between(xs, low, high, color=colour, alpha=0.15, lw=0)
        if (ratio := mixture_rows.auto_ratio(one)) is not None:
            ax.plot(at(one.auto_T), ratio.value, "D", color=colour, mec=style.INK, ms=5, zorder=5)
        if one.metric == HEADLINE:
            _headline(ax, one, at)
    case = members[0].axes
    ax.set_title(
        f"{case['transport']} · {mixture_rows.sizes_words(case['sizes'])} up to "
        f"{style.bytes_label(case['message_bytes'])}B · {style.rate_label(case['rate_per_s'], '/s')}"
    )
    ax.axhline(mixture_fit.PROMISED, color=style.MUTED, lw=0.8, ls=(0, (1, 1.2)))
    ax.set_ylabel("cost over the best T's [ratio]")
    told = [mixture_rows.said(one) for one in members if one.metric == HEADLINE]
    ax.set_xlabel("\n".join(["threshold T [B]", *told]), fontsize=8)
    style.log_axis(ax.yaxis, lambda v, _: f"{v:.3g}×")
    Ts = members[0].Ts
    ax.xaxis.set_major_locator(FixedLocator([at(T) for T in Ts]))
    ax.xaxis.set_minor_locator(NullLocator())
    # Half octaves have a tick and no room for a word.
    labels = [mixture_rows.T_label(T) if _is_octave(T) else "" for T in Ts]
    ax.xaxis.set_major_formatter(FixedFormatter(labels))
    ax.tick_params(axis="x", labelsize=7)


def _is_octave(T: float) -> bool:
    return T == 0 or math.isinf(T) or math.log2(T).is_integer()


def _headline(ax: Axes, one: Mixture, at: Any) -> None:
    """Band of the best T, line of the measured one, rings of what has no T."""
    interval = mixture_fit.best_interval(one)
    if interval is not None:
        ax.axvspan(
            at(interval[0]) - 0.2, at(interval[1]) + 0.2, color=COLOURS[HEADLINE], alpha=0.08, lw=0
        )
    if one.auto_T is not None:
        ax.axvline(at(one.auto_T), color=style.INK, lw=0.8)
    edge = max(at(T) for T in one.Ts) + 2.4  # room for a name between
    for name, values in one.plain.items():
        if (ratio := mixture_fit.against_best(one, values)) is not None:
            ax.plot(edge, ratio.value, "o", mfc="none", mec=COLOURS[HEADLINE], ms=5)
            ax.annotate(name, (edge, ratio.value), xytext=(-6, 0), textcoords="offset points",
                        ha="right", va="center", fontsize=6.5, color=style.MUTED)  # fmt: skip


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
