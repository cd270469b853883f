"""Two times side by side, one row a thing: what it takes (filled) and what it costs (hollow)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

import style


@dataclass(frozen=True)
class Bar:
    """One row: a filled and a hollow value in ns; nan is not drawn."""

    label: str
    colour: str
    filled: float
    hollow: float


def height_in(rows: int) -> float:
    """Height of a panel of so many rows, its title and axis included."""
    return max(0.2 * rows + 1.0, 2.2)


def draw(ax: Axes, bars: list[Bar], label: str) -> None:
    """Rows from the top."""
    for row, bar in enumerate(bars):
        ax.plot([bar.filled, bar.hollow], [row, row], color=bar.colour, lw=1.2, alpha=0.5)
        ax.plot(bar.filled, row, "o", color=bar.colour, ms=5)
        ax.plot(bar.hollow, row, "o", mfc=style.PAPER, mec=bar.colour, mew=1.2, ms=5)
    values = [v for b in bars for v in (b.filled, b.hollow) if v > 0 and math.isfinite(v)]
    ax.set_yticks(range(len(bars)), [b.label for b in bars], fontsize=8)
    ax.set_ylim(len(bars) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    ax.set_xscale("log")
    if values:
        ax.set_xlim(min(values) / 1.5, max(values) * 1.5)
    style.log_axis(ax.xaxis)
    ax.set_xlabel(label)


def names_right(ax: Axes) -> None:
    """Move the rows' names to the right margin, where other panels have their labels."""
    ax.yaxis.tick_right()
    ax.spines["left"].set_visible(False)


def legend(ax: Axes, filled: str, hollow: str, **where: Any) -> None:
    """What filled and hollow mean, above the axes unless told where."""
    dot = {"ls": "", "marker": "o", "ms": 5, "color": style.MUTED}
    keys = [
        Line2D([], [], label=filled, **dot),
        Line2D([], [], label=hollow, mfc=style.PAPER, **dot),
    ]
    where = where or {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0)}
    ax.legend(
        handles=keys, ncol=2, borderaxespad=0.2, handletextpad=0.1, columnspacing=1.0, **where
    )
