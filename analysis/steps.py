"""Where a curve changes its level: found, never read off a plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Step:
    """Between two neighbouring points of a curve."""

    last: float  # x of the last point before it
    first: float  # x of the first behind it
    before: float  # mean level on either side
    after: float


def fall(xs: Sequence[float], ys: Sequence[float], least: float) -> Step | None:
    """The split into a high level and a low one that leaves the smallest squares; None where they differ by less.

    Two levels, because a line is shared or is not; `least` in the unit of `ys`.
    """
    order = np.argsort(xs)
    x, y = np.asarray(xs, float)[order], np.asarray(ys, float)[order]
    if len(x) < 2:
        return None
    rest = [np.var(y[:i]) * i + np.var(y[i:]) * (len(y) - i) for i in range(1, len(y))]
    cut = int(np.argmin(rest)) + 1
    before, after = float(y[:cut].mean()), float(y[cut:].mean())
    return Step(x[cut - 1], x[cut], before, after) if before - after > least else None


def drop(xs: Sequence[float], ys: Sequence[float], least: float = 0.03) -> Step | None:
    """Between which neighbours a rising curve falls the most, by more than a share `least` of itself; None if nowhere."""
    order = np.argsort(xs)
    x, y = np.asarray(xs, float)[order], np.asarray(ys, float)[order]
    if len(x) < 3:
        return None
    falls = 1 - y[1:] / y[:-1]
    cut = int(np.argmax(falls))
    return Step(x[cut], x[cut + 1], y[cut], y[cut + 1]) if falls[cut] > least else None
