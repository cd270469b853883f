"""Four shapes of noise for simulated nights: what a quiet machine, a rough, a drifting and a disturbed one do.

A launch's log value is the night's own level and its own noise. Standard deviations are a bare-metal
machine's, a percent or less; what differs is the shape.
"""

from __future__ import annotations

import numpy as np

from stats import Array

LAUNCHES = 10


def normal(rng: np.random.Generator, series: int, nights: int) -> Array:
    """Nights 0.5 %, launches 1 %."""
    levels = rng.normal(0, 0.005, (series, nights, 1))
    return levels + rng.normal(0, 0.01, (series, nights, LAUNCHES))


def heavy(rng: np.random.Generator, series: int, nights: int) -> Array:
    """Student's t with three degrees of freedom, nights and launches."""
    levels = 0.004 * rng.standard_t(3, (series, nights, 1))
    return levels + 0.007 * rng.standard_t(3, (series, nights, LAUNCHES))


def drifting(rng: np.random.Generator, series: int, nights: int) -> Array:
    """Nights remember the last (lag-1 autocorrelation 0.8), 0.8 % around their mean."""
    levels = np.empty((series, nights, 1))
    levels[:, 0, 0] = rng.normal(0, 0.008, series)
    for night in range(1, nights):
        fresh = rng.normal(0, 0.008 * np.sqrt(1 - 0.8**2), series)
        levels[:, night, 0] = 0.8 * levels[:, night - 1, 0] + fresh
    return levels + rng.normal(0, 0.008, (series, nights, LAUNCHES))


def bursts(rng: np.random.Generator, series: int, nights: int) -> Array:
    """Every tenth launch is up to a fifth slow, and one night in thirty has three times as many.

    A tenth is as many as the harness makes again by itself; what is struck here it did not notice.
    """
    rare = rng.random((series, nights, 1)) < 1 / 30
    struck = rng.random((series, nights, LAUNCHES)) < np.where(rare, 0.3, 0.1)
    slow = np.where(struck, rng.uniform(0.03, 0.2, (series, nights, LAUNCHES)), 0)
    levels = rng.normal(0, 0.004, (series, nights, 1))
    return levels + slow + rng.normal(0, 0.007, (series, nights, LAUNCHES))


SHAPES = {"normal": normal, "heavy": heavy, "drifting": drifting, "bursts": bursts}


def blocks(
    rng: np.random.Generator, shape: str, step: float, count: int = 10
) -> tuple[Array, Array]:
    """ABBA blocks of the same night, in ns: baseline and candidate, two launches each, the candidate
    slower by the step (log). A block has a level of its own, which both sides share.
    """
    launches = SHAPES[shape](rng, 1, count)[
        0, :, :4
    ]  # a "night" is a block here: levels and launches
    return 1000 * np.exp(launches[:, :2]), 1000 * np.exp(launches[:, 2:] + step)
