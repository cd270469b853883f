"""Models held against what was measured: residuals, and the region in which a model fails, from the records alone.

A model that is 10 % off and whose prediction lies outside the measured interval fails at that setting. Where it does is
named by the one bound on one coordinate that parts failing settings from holding ones best.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import batch_model
import batch_shares
import polling_model
import retry_model
import spin_model
import stats
import style
from records import Run
from series import Levels

TOLERANCE = 0.10
LABELS = {"rate": lambda v: style.rate_label(v, "/s")}  # of coordinates that are no times


@dataclass(frozen=True)
class Fit:
    """One setting: what the model says, and what was measured, in one unit."""

    model: str
    predicted: float
    measured: stats.Interval
    at: dict[str, float] = field(default_factory=dict)  # coordinates a region may be named by

    @property
    def error(self) -> float:
        """Measured over predicted, less one."""
        return self.measured.value / self.predicted - 1

    @property
    def fails(self) -> bool:
        if abs(self.error) <= TOLERANCE:
            return False
        lo, hi = self.measured.lo, self.measured.hi
        return lo is None or hi is None or not lo <= self.predicted <= hi


def fits(run: Run) -> list[Fit]:
    """Of every model for which there are records."""
    levels = Levels.of(run)
    found: list[Fit] = []
    for told in (
        batch_model.predictions(run, levels),
        batch_shares.predictions(run, levels),
        polling_model.predictions(run, levels),
        retry_model.predictions(run, levels),
        spin_model.predictions(run, levels),
    ):
        found += [Fit(*each) for each in told if each[1] > 0]
    return found


def rows(found: Iterable[Fit]) -> list[dict[str, Any]]:
    """One a model, as summary.json holds it."""
    by_model: dict[str, list[Fit]] = {}
    for fit in found:
        by_model.setdefault(fit.model, []).append(fit)
    return [
        {"model": name, "settings": len(mine), "fails": sum(f.fails for f in mine),
         "median_error": median(abs(f.error) for f in mine),
         "worst_error": max((f.error for f in mine), key=abs), "region": region(mine)}
        for name, mine in by_model.items()
    ]  # fmt: skip


def region(found: list[Fit]) -> str:
    """Where the model fails, in words: `nowhere`, `everywhere`, or `where B ≤ 4 (3 of 5 there, 1 of 40 elsewhere)`."""
    failing = sum(f.fails for f in found)
    if failing in (0, len(found)):
        return "everywhere" if failing else "nowhere"
    best, words = -math.inf, ""
    for name in found[0].at:
        values = sorted({f.at[name] for f in found})
        for bound in values:
            for sign, inside in (
                ("≤", [f for f in found if f.at[name] <= bound]),
                ("≥", [f for f in found if f.at[name] >= bound]),
            ):
                rest = len(found) - len(inside)
                if not rest:
                    continue
                there = sum(f.fails for f in inside)
                score = there / failing - (len(inside) - there) / (len(found) - failing)
                if score > best:
                    best = score
                    label = (
                        LABELS.get(name, style.time_label)(bound) if name != "B" else f"{bound:g}"
                    )
                    words = (f"where {name} {sign} {label} ({there} of {len(inside)} settings there, "
                             f"{failing - there} of {rest} elsewhere)")  # fmt: skip
    return words
