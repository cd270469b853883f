"""The log-linear histogram of a record: decode, merge without loss, percentiles.

The bucket rule is the one in results/README.md: for an integer v, shift = max(0, bit_width(v) - 11) and
index = 1024 * shift + (v >> shift), so values below 2048 are exact and above there are 1024 buckets an octave.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

import stats

BUCKETS_PER_OCTAVE = 1024


def bucket_index(values: np.ndarray | int) -> Any:
    """The bucket that holds an integer value, or each of an array of them."""
    data = np.asarray(values, dtype=np.int64)
    shift = np.maximum(np.frexp(data.astype(float))[1] - 11, 0)  # frexp's exponent is the bit width
    return (BUCKETS_PER_OCTAVE * shift + (data >> shift))[()]


def bucket_lows(indexes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest value and width of each bucket."""
    shift = np.maximum(indexes // BUCKETS_PER_OCTAVE - 1, 0)
    mantissa = indexes - BUCKETS_PER_OCTAVE * shift
    return mantissa << shift, np.left_shift(np.int64(1), shift)


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts per bucket, ascending; immutable, so that merging can share it."""

    indexes: np.ndarray
    counts: np.ndarray
    count: int
    minimum: float
    maximum: float
    total: float
    unit: str = "ns"

    @staticmethod
    def decode(raw: dict[str, Any]) -> "Histogram":
        """From a record's JSON; ValueError says what is wrong with it."""
        flat = np.fromiter(chain.from_iterable(raw["buckets"]), np.int64)  # 3 x asarray's speed
        pairs = flat.reshape(-1, 2)
        indexes, counts = pairs[:, 0].copy(), pairs[:, 1].copy()
        if np.any(np.diff(indexes) <= 0) or np.any(counts < 0) or np.any(indexes < 0):
            raise ValueError("histogram buckets are not ascending")
        if int(counts.sum()) != raw["count"]:
            raise ValueError(f"histogram counts {int(counts.sum())}, says {raw['count']}")
        low, high = (float(raw[k]) if raw["count"] else math.nan for k in ("min", "max"))
        return Histogram(
            indexes, counts, int(raw["count"]), low, high, float(raw["sum"] or 0), raw["unit"]
        )

    @staticmethod
    def of(values: Any) -> "Histogram":
        """From samples: for tests and generators."""
        data = np.asarray(values, dtype=np.int64)
        indexes, counts = np.unique(bucket_index(data), return_counts=True)
        return Histogram(
            indexes, counts, len(data), float(data.min()), float(data.max()), float(data.sum())
        )

    def encode(self) -> dict[str, Any]:
        """As a record carries it."""
        return {
            "unit": self.unit,
            "count": self.count,
            "min": int(self.minimum),
            "max": int(self.maximum),
            "sum": int(self.total),
            "buckets": np.column_stack([self.indexes, self.counts]).tolist(),
        }

    def percentile(self, q: float | np.ndarray) -> Any:
        """Nearest-rank percentile(s), 0..100, at the middle of the bucket, never outside [min, max]."""
        if self.count == 0:
            return np.full(np.shape(q), math.nan)[()]
        rank = np.clip(np.ceil(np.asarray(q) / 100 * self.count - 1e-9), 1, self.count)
        at = np.searchsorted(np.cumsum(self.counts), rank)
        low, width = bucket_lows(self.indexes[at])
        return np.clip(low + (width - 1) / 2, self.minimum, self.maximum)[()]

    def share_above(self, value: float) -> float:
        """The share of samples beyond a value; of the bucket that it lies in as much as lies beyond it."""
        low, width = bucket_lows(self.indexes)
        beyond = np.clip((low + width - value) / width, 0, 1)
        return float((self.counts * beyond).sum()) / self.count if self.count else math.nan

    def reliability(self, q: float) -> str:
        """`ok`, `low` or `n/a`: whether enough samples lie beyond the percentile."""
        return stats.percentile_reliability(self.count, q / 100)


def merge(histograms: Iterable[Histogram]) -> Histogram | None:
    """The sum of histograms, exact; None of none; ValueError over different units."""
    parts = [h for h in histograms if h.count]
    if not parts:
        return None
    units = {h.unit for h in parts}
    if len(units) > 1:
        raise ValueError(f"histograms in different units: {', '.join(sorted(units))}")
    indexes, where = np.unique(np.concatenate([h.indexes for h in parts]), return_inverse=True)
    counts = np.zeros(len(indexes), dtype=np.int64)
    np.add.at(counts, where, np.concatenate([h.counts for h in parts]))
    return Histogram(
        indexes,
        counts,
        int(counts.sum()),
        min(h.minimum for h in parts),
        max(h.maximum for h in parts),
        sum(h.total for h in parts),
        parts[0].unit,
    )
