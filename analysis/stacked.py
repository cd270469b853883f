"""Pairs of axes, one above the other, over the same x: what a load costs under what it does."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

import figure
import style

PAIR_IN = 5.0
Pair = tuple[Axes, Axes]


def grid(count: int, labels: list[str]) -> tuple[Figure, list[Pair]]:
    """Pairs of axes: responses, and under them a flatter one for CPU time."""
    fig, places = figure.grid(count, row_in=PAIR_IN, columns=min(count, 2), labels=labels)
    pairs = []
    for place in places:
        inner = place.get_subplotspec().subgridspec(2, 1, height_ratios=(2.6, 1), hspace=0.12)
        place.remove()
        above = fig.add_subplot(inner[0])
        pairs.append((above, fig.add_subplot(inner[1])))
    return fig, pairs


def same_scales(pairs: list[Pair]) -> None:
    """Panels are compared: all responses on one scale, all CPU times on another, over the same rates."""
    rates = [x for pair in pairs for ax in pair for x in drawn(ax, 0)]
    for column in zip(*pairs):
        values = [y for ax in column for y in drawn(ax, 1)]
        for ax in column:
            ax.set(xscale="log", yscale="log", xlim=(min(rates) / 1.4, max(rates) * 1.4))
            ax.set_ylim(min(values) / 1.5, max(values) * 2)
            style.log_axis(ax.yaxis)
            style.log_axis(ax.xaxis, rate_label)
            ax.tick_params(labelbottom=column[0] is not pairs[0][0])


def drawn(ax: Axes, place: int) -> list[float]:
    """The coordinates of all that is drawn in data units, 0: x, 1: y; only what a log axis shows."""
    of_data = (line for line in ax.lines if line.get_transform() == ax.transData)
    values = (float(v) for line in of_data for v in line.get_data()[place])
    return [v for v in values if v > 0 and math.isfinite(v)] or [1.0]


def rate_label(per_s: float, _position: Any = None) -> str:
    """100, 10 k, 1 M."""
    return f"{per_s:g}" if per_s < 1000 else style.rate_label(per_s, "")
