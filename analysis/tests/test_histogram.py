"""Histograms: the bucket rule, percentiles against numpy, merging without loss."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from histogram import Histogram, bucket_index, bucket_lows, merge

SEEDS = range(5)


def samples(seed: int, n: int = 20_000) -> np.ndarray:
    return np.random.default_rng(seed).lognormal(9, 1.5, n).astype(np.int64)


@pytest.mark.parametrize(
    "value, index",
    [(0, 0), (2047, 2047), (2048, 2048), (2049, 2048), (2050, 2049), (4095, 3071), (4096, 3072)],
)
def test_bucket_rule_is_the_schemas(value: int, index: int) -> None:
    assert bucket_index(value) == index


def test_every_bucket_holds_its_own_values() -> None:
    values = np.unique(
        np.concatenate([np.arange(5000), 2 ** np.arange(50), 2 ** np.arange(1, 50) - 1])
    )
    low, width = bucket_lows(bucket_index(values))
    assert np.all(low <= values) and np.all(values < low + width)


@pytest.mark.parametrize("seed", SEEDS)
def test_percentiles_agree_with_numpy_within_a_bucket(seed: int) -> None:
    data = samples(seed)
    found = Histogram.of(data)
    for q in (0.25, 1, 25, 50, 75, 99, 99.75, 100):  # exact in binary
        exact = np.percentile(data, q, method="inverted_cdf")
        assert found.percentile(q) == pytest.approx(exact, rel=1 / 1024, abs=1)


def test_merging_loses_nothing() -> None:
    parts = [samples(seed) for seed in SEEDS]
    merged, whole = merge(map(Histogram.of, parts)), Histogram.of(np.concatenate(parts))
    assert merged is not None and merged.encode() == whole.encode()


def test_merging_nothing_is_nothing_and_units_do_not_mix() -> None:
    assert merge([]) is None
    other = Histogram.decode(Histogram.of([1]).encode() | {"unit": "bytes"})
    with pytest.raises(ValueError, match="units"):
        merge([Histogram.of([1]), other])


def test_decoding_undoes_encoding() -> None:
    raw = Histogram.of(samples(1)).encode()
    assert Histogram.decode(json.loads(json.dumps(raw))).encode() == raw


@pytest.mark.parametrize(
    "change", [{"count": 3}, {"buckets": [[5, 1], [4, 1]]}, {"buckets": [[5, -1], [6, 3]]}]
)
def test_a_histogram_that_contradicts_itself_is_refused(change: dict) -> None:
    raw = Histogram.of([5, 6]).encode()
    with pytest.raises(ValueError):
        Histogram.decode(raw | change)


def test_reliability_counts_the_samples_beyond() -> None:
    grades = [Histogram.of(range(1, n + 1)).reliability(99) for n in (999, 1000, 9_999, 10_000)]
    assert grades == ["n/a", "low", "low", "ok"]


def test_an_empty_histogram_has_no_percentile() -> None:
    empty = Histogram.decode(
        {"unit": "ns", "count": 0, "min": None, "max": None, "sum": 0, "buckets": []}
    )
    assert math.isnan(empty.percentile(50))
