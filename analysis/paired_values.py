"""What a record of paired windows says: what is asked about, against what stood between it; and rows of dots that show it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import median

from matplotlib.axes import Axes

import style
from claims_parts import over_launches
from records import Record, Run
from series import Levels
from stats import Interval

__all__ = ["over_launches"]  # at the level of the canary that most ran at
Value = Callable[[Record], float]
NULL, WIDE = 0.02, 0.2  # a ratio this near to 1 is no effect; an interval this wide hides one


def pairs(record: Record, baseline: str) -> list[tuple[float, float]]:
    """Windows that were measured next to each other: what is asked about, and the baseline."""
    rounds = record.raw.get("rounds") or {}
    return list(zip(rounds.get("ns") or [], rounds.get(baseline) or []))


def more_ns(baseline: str) -> Value:
    """Nanoseconds more than the baseline: the median of differences between neighbours in time."""
    return lambda r: _median([a - b for a, b in pairs(r, baseline)])


def times(baseline: str) -> Value:
    """So many times the baseline: the median of ratios between neighbours in time."""
    return lambda r: _median([a / b for a, b in pairs(r, baseline)])


def share(part: str, whole: str) -> Value:
    """Of two counts; nan where nothing was counted."""
    return lambda r: r.values[part] / r.values[whole] if r.values.get(whole) else math.nan


def _median(values: list[float]) -> float:
    return float(median(values)) if values else math.nan


def level_words(run: Run) -> list[str]:
    """What a caption must say where the canary has several levels."""
    several = any(len(levels) > 1 for levels in Levels.of(run).of_place.values())
    return ["canary at several levels: values are of the most common one where six launches have it"] * several  # fmt: skip


def dot(ax: Axes, at: Interval, y: float, colour: str, words: str = "", marker: str = "o") -> None:
    """A median with its interval as a line, and its value in words above it."""
    ax.plot(at.value, y, marker, color=colour, ms=4.5)
    if at.lo is not None and at.hi is not None:
        ax.plot([at.lo, at.hi], [y, y], color=colour, lw=1.4)
    if words:
        ax.annotate(words, (at.value, y), xytext=(0, 5), textcoords="offset points", fontsize=7,
                    ha="center", color=style.MUTED)  # fmt: skip


def rows_of(ax: Axes, names: Sequence[str]) -> None:
    """Named rows from the top down."""
    ax.set_yticks(range(len(names)), names, fontsize=7.5)
    ax.set_ylim(len(names) - 0.4, -0.7)
    ax.grid(axis="y", visible=False)


def columns(at: Interval | None) -> dict[str, float | int | None]:
    """A value with its interval, for a figure's CSV."""
    if at is None:
        return {"value": None, "lo": None, "hi": None, "launches": 0}
    return {"value": at.value, "lo": at.lo, "hi": at.hi, "launches": at.n}


def null_words(at: Interval | None, of: str) -> str:
    """What the control shows, which must be nothing: the ratio's interval reaches what is within 2 % of 1."""
    if at is None or at.lo is None or at.hi is None:
        return f"control {of}: too few launches to tell"
    nothing = at.lo <= 1 + NULL and at.hi >= 1 - NULL
    words = "no effect" if nothing else "AN EFFECT WHERE THERE CAN BE NONE"
    if nothing and at.hi - at.lo > WIDE:
        words = "too wide to tell a small effect"
    return f"control {of}: {at.value:.3f}× [{at.lo:.3f}, {at.hi:.3f}], {words}"
