"""A made-up machine whose T is known: straight pieces broken at a cache and at a capacity,
launch noise on top.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import crossing

Array = NDArray[np.float64]

kBreaks = (32768.0, 65536.0, 1048576.0)  # first-level cache, pipe capacity, second-level cache
kTrueT = 1000.0  # (1500 - 1200) / (0.35 - 0.05)
kHalfOctaves = np.unique(np.round(2 ** (np.arange(45) / 2)))


def queue_ns(size: Array) -> Array:
    """A copy in, a copy out, and above the capacity one wake-up more and a dearer byte."""
    return 1200 + 0.35 * size + np.where(size > kBreaks[1], 9000 + 0.5 * (size - kBreaks[1]), 0)


def shm_ns(size: Array) -> Array:
    """Dearer to set up, cheap a byte until the payload leaves a cache."""
    near = np.where(size > kBreaks[0], 0.06 * (size - kBreaks[0]), 0)
    return 1500 + 0.05 * size + near + np.where(size > kBreaks[2], 0.15 * (size - kBreaks[2]), 0)


def launch_noise(rng: np.random.Generator, blocks: int, sizes: int) -> Array:
    """Factors: a launch is 2 % off as a whole, each size 1.5 %, and 3 % of the values are spoilt
    by some 30 %.
    """
    spoilt = (rng.random((blocks, sizes)) < 0.03) * rng.exponential(0.3, (blocks, sizes))
    logs = rng.normal(0, 0.02, (blocks, 1)) + rng.normal(0, 0.015, (blocks, sizes)) + spoilt
    return np.exp(logs)


def measure(rng: np.random.Generator, blocks: int) -> tuple[Array, Array, Array]:
    """Sizes and y[block, size] of both paths, refined around a T that is itself 10 % off."""
    fine = crossing.refine_sizes(kTrueT * rng.uniform(0.9, 1.1))
    sizes = np.unique(np.concatenate([kHalfOctaves, fine]))
    y_q = queue_ns(sizes) * launch_noise(rng, blocks, sizes.size)
    y_h = shm_ns(sizes) * launch_noise(rng, blocks, sizes.size)
    return sizes, y_q, y_h
