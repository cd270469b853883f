"""comparison.py: false alarms, and why launches, blocks and ABBA are what they are (METHOD
section 1).
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, ttest_ind

import comparison

Array = np.ndarray


def test_paired_ratio_and_interval_are_exact() -> None:
    base = np.full(6, 100.0)
    result = comparison.paired(base, base * [1.01, 1.02, 1.03, 1.04, 1.05, 1.06])
    assert (result.lo, result.hi) == pytest.approx((1.01, 1.06))
    assert result.ratio == pytest.approx((1.03 * 1.04) ** 0.5)
    assert result.p_slower == pytest.approx(1 / 64) and result.p_two_sided == pytest.approx(1 / 32)


def test_identical_launches_are_no_difference() -> None:
    result = comparison.paired([5.0] * 8, [5.0] * 8)
    assert result.ratio == 1 and result.p_slower == 1 and not result.exceeds(0)


def test_below_six_launches_there_is_no_interval() -> None:
    assert comparison.paired([1, 2, 3], [1, 2, 3]).lo is None
    assert comparison.unpaired([1, 2, 3], [1, 2, 3, 4, 5, 6]).lo is None
    with pytest.raises(ValueError):
        comparison.unpaired([np.nan], [1])


def test_unpaired_interval_covers() -> None:
    rng, hits = np.random.default_rng(8), 0
    for _ in range(500):
        a, b = np.exp(rng.normal(0, 0.02, (2, 8)))
        result = comparison.unpaired(a, 1.1 * b)
        hits += result.lo <= 1.1 <= result.hi
    assert hits >= 0.92 * 500


def test_iterations_cry_wolf_and_launches_do_not() -> None:
    """Identical code, launches 1 % apart: the test must be made on launch medians."""
    rng = np.random.default_rng(11)
    trials, launches, iterations = 300, 10, 100
    level = rng.normal(0, 0.01, (2, trials, launches, 1))
    samples = level + rng.normal(0, 0.02, (2, trials, launches, iterations))
    flat = samples.reshape(2, trials, -1)
    by_iteration = mannwhitneyu(flat[0], flat[1], axis=1).pvalue < 0.05
    medians = np.median(samples, axis=3)
    by_launch = mannwhitneyu(medians[0], medians[1], axis=1).pvalue < 0.05
    assert by_iteration.mean() > 0.5
    assert by_launch.mean() < 0.09


def test_drift_is_cancelled_by_abba() -> None:
    """3 % linear drift over a run, identical code: A-then-B finds a difference, ABBA does not."""
    rng = np.random.default_rng(12)
    drift, blocks, trials = np.linspace(0, 0.03, 40), 10, 300
    alarms = {"ab": 0, "abba": 0}
    for _ in range(trials):
        run = np.exp(drift + rng.normal(0, 0.01, 40))
        alarms["ab"] += comparison.unpaired(run[:20], run[20:]).p_slower < 0.05
        four = run.reshape(blocks, 4).copy()
        four[1::2] = four[1::2][:, [1, 0, 3, 2]]  # BAAB: put A's launches where ABBA has them
        a, b = np.sqrt(four[:, 0] * four[:, 3]), np.sqrt(four[:, 1] * four[:, 2])
        alarms["abba"] += comparison.paired(a, b).p_slower < 0.05
    assert alarms["ab"] / trials > 0.7
    assert alarms["abba"] / trials < 0.085


def shape(name: str, rng: np.random.Generator, n: int) -> Array:
    """Log noise of n launches."""
    if name == "normal":
        return rng.normal(0, 0.01, n)
    if name == "skewed":
        return 0.01 * rng.exponential(1, n)
    if name == "bimodal":
        return rng.normal(0, 0.003, n) + 0.05 * (rng.random(n) < 0.3)
    return 0.01 * rng.standard_t(2, n)


@pytest.mark.parametrize("name", ["normal", "skewed", "bimodal", "heavy"])
def test_the_gate_is_quiet_on_identical_code(name: str) -> None:
    rng, alarms = np.random.default_rng(13), 0
    for _ in range(400):
        a, b = np.exp(shape(name, rng, 10)), np.exp(shape(name, rng, 10))
        alarms += comparison.tells_slower(comparison.paired(a, b))
    assert alarms <= 6


@pytest.mark.parametrize("effect, least", [(1.03, 0.75), (1.05, 0.95), (1.10, 0.95)])
def test_the_gate_finds_what_is_there(effect: float, least: float) -> None:
    """Launches 1 % apart, ten pairs; the floors lie below the power measured here: 0.83, 1.00,
    1.00.
    """
    rng, found = np.random.default_rng(14), 0
    for _ in range(200):
        a, b = np.exp(shape("normal", rng, 10)), effect * np.exp(shape("normal", rng, 10))
        found += comparison.tells_slower(comparison.paired(a, b))
    assert found >= least * 200


def two_runs(seed: int, planted: dict[int, float]) -> list[comparison.Comparison]:
    """Two runs of 20 ladders of 10 cases, six launches each; a launch's luck is shared by its
    ladder.
    """
    rng = np.random.default_rng(seed)
    luck = np.repeat(rng.normal(0, 0.02, (2, 20, 1, 6)), 10, axis=2).reshape(2, 200, 6)
    a, b = np.exp(7 + luck + rng.normal(0, 0.01, (2, 200, 6)))
    return [comparison.unpaired(a[i], b[i] * planted.get(i, 1.0)) for i in range(200)]


def test_a_against_a_finds_nothing() -> None:
    words = [word for seed in range(5) for word in comparison.judge(two_runs(seed, {}))]
    assert "slower" not in words and "faster" not in words


def test_a_planted_difference_is_found() -> None:
    """A whole ladder 30 % slower, and one case alone 30 % faster."""
    words = comparison.judge(two_runs(20, {i: 1.3 for i in range(10)} | {199: 1 / 1.3}))
    assert words[:10] == ["slower"] * 10 and words[199] == "faster"
    assert words.count("slower") + words.count("faster") == 11


def test_welch_agrees_with_scipy() -> None:
    a, b = np.random.default_rng(3).normal(0, 1, (2, 9))
    assert comparison.welch(a, b[:7]) == pytest.approx(ttest_ind(a, b[:7], equal_var=False).pvalue)
    assert comparison.welch(np.ones(6), np.ones(6)) == 1
