"""stats.py: exact values, and the coverage that METHOD promises."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

import stats


@pytest.mark.parametrize(
    "n, ranks, coverage", [(6, (1, 6), 0.96875), (10, (2, 9), 0.978516), (20, (6, 15), 0.958611)]
)
def test_interval_ranks_are_the_published_ones(
    n: int, ranks: tuple[int, int], coverage: float
) -> None:
    low, high, exact = stats.interval_ranks(n)
    assert (low, high) == ranks
    assert exact == pytest.approx(coverage, abs=1e-6)


def test_interval_ranks_agree_with_the_binomial_distribution() -> None:
    for n in range(6, 70):
        j, _, coverage = stats.interval_ranks(n)
        assert coverage == pytest.approx(binom.cdf(n - j, n, 0.5) - binom.cdf(j - 1, n, 0.5))
        assert binom.cdf(n - j - 1, n, 0.5) - binom.cdf(j, n, 0.5) < 0.95 <= coverage


def test_no_interval_below_six() -> None:
    middle = stats.median_interval([1, 2, 3, 4, 5])
    assert (middle.value, middle.lo, middle.hi, middle.coverage) == (3, None, None, None)
    assert stats.median_interval([1, 2, 3, 4, 5, 6]).lo == 1


def test_absent_values_do_not_count() -> None:
    assert stats.median_interval([math.nan, 1, 2, 3]).n == 3
    with pytest.raises(ValueError, match="no values"):
        stats.median_interval([math.nan])


@pytest.mark.parametrize("n", [6, 10, 20])
def test_median_interval_covers_as_often_as_it_says(n: int) -> None:
    """Skewed launches; hits must lie in the binomial 99 % band of the exact coverage."""
    draws = 4000
    rng = np.random.default_rng(n)
    ordered = np.sort(rng.lognormal(0, 1, (draws, n)), axis=1)
    low, high, exact = stats.interval_ranks(n)
    hits = np.count_nonzero((ordered[:, low - 1] <= 1) & (1 <= ordered[:, high - 1]))
    assert binom.ppf(0.005, draws, exact) <= hits <= binom.ppf(0.995, draws, exact)
    one = stats.median_interval(ordered[0])
    assert (one.lo, one.hi) == (ordered[0, low - 1], ordered[0, high - 1])


def test_column_medians_pass_over_absent_values() -> None:
    rows = np.array([[3, np.nan, 1], [np.nan, np.nan, np.nan], [4, 2, 9]])
    assert stats.column_medians(rows) == pytest.approx([2, np.nan, 4], nan_ok=True)


def test_nearest_rank_returns_elements_and_admits_infinity() -> None:
    values = [-math.inf, 1, 2, math.inf]
    assert [stats.nearest_rank(values, q) for q in (0.25, 0.5, 0.75, 1)] == values
    assert stats.nearest_rank_interval([*range(1, 2001)]) == (50, 1951)
    with pytest.raises(ValueError):
        stats.nearest_rank([], 0.5)


def test_the_same_seed_resamples_the_same_blocks() -> None:
    first, again = stats.block_resamples(8, 50, 7), stats.block_resamples(8, 50, 7)
    assert np.array_equal(first, again) and first.shape == (50, 8) and first.max() < 8
    assert stats.bootstrap_median([1, 2, 3]).lo is None
    middle = stats.bootstrap_median(range(1, 22))
    assert middle.lo < middle.value == 11 < middle.hi


@pytest.mark.parametrize(
    "count, said", [(10_000, "ok"), (9_999, "low"), (1_000, "low"), (999, "n/a")]
)
def test_p99_needs_samples_beyond_it(count: int, said: str) -> None:
    assert stats.percentile_reliability(count, 0.99) == said


def test_buckets_follow_the_record_schema() -> None:
    for value in (0, 2047, 2048, 2049, 4095, 4096, 123_456_789, 2**40 + 12345):
        shift = max(0, value.bit_length() - 11)
        low, high = stats.bucket_bounds(1024 * shift + (value >> shift))
        assert low <= value <= high and high - low + 1 == 1 << shift


def test_histogram_percentiles_are_nearest_rank() -> None:
    buckets = [[10, 50], [20, 49], [2048, 1]]
    assert stats.histogram_percentile(buckets, 0.5) == 10
    assert stats.histogram_percentile(buckets, 0.99) == 20
    assert stats.histogram_percentile(buckets, 1) == 2048.5
    with pytest.raises(ValueError):
        stats.histogram_percentile([], 0.5)


def test_means_of_rates_and_ratios() -> None:
    assert stats.harmonic_mean([30, 60]) == pytest.approx(40)
    assert stats.geometric_mean([2, 0.5]) == pytest.approx(1)
    assert stats.log_ratio([2, 0, 1], [1, 1, np.nan]) == pytest.approx(
        [math.log(2), np.nan, np.nan], nan_ok=True
    )
    with pytest.raises(ValueError):
        stats.harmonic_mean([1, 0])


def test_isotonic_pools_adjacent_violators() -> None:
    assert stats.isotonic([1, 3, 2, 4]) == pytest.approx([1, 2.5, 2.5, 4])
    assert stats.isotonic([3, 2, 1]) == pytest.approx([2, 2, 2])
    assert stats.isotonic([3, 0], [1, 3]) == pytest.approx([0.75, 0.75])


def test_false_discovery_is_benjamini_hochberg() -> None:
    adjusted = stats.false_discovery([0.01, 0.04, 0.03, np.nan, 0.005])
    assert adjusted == pytest.approx([0.02, 0.04, 0.04, np.nan, 0.02], nan_ok=True)
    assert stats.false_discovery([]).size == 0
