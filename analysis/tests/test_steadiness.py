"""steadiness.py: modes, warm-up, canary and stopping on series whose answer is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

import canary_cases
import stats
import steadiness


def noisy(seed: int, n: int, sd: float = 0.003) -> np.ndarray:
    return 1000 * np.exp(np.random.default_rng(seed).normal(0, sd, n))


def test_two_levels_are_two_modes() -> None:
    values = noisy(1, 20)
    values[[3, 7, 8, 15]] *= 1.2
    low, high = steadiness.modes(values)
    assert high.members == (3, 7, 8, 15) and high.share == pytest.approx(0.2)
    assert high.median / low.median == pytest.approx(1.2, rel=0.01)


def test_one_level_is_one_mode() -> None:
    assert all(len(steadiness.modes(noisy(seed, 40, 0.02))) == 1 for seed in range(200))


def test_modes_need_twenty_launches_and_two_percent() -> None:
    near, few = noisy(2, 30, 1e-4), noisy(3, 19)
    near[:10] *= 1.015
    few[:6] *= 2
    assert len(steadiness.modes(near)) == len(steadiness.modes(few)) == 1


def test_windows_are_classed() -> None:
    ramp = np.linspace(1.06, 1.0, 40)
    step = np.where(np.arange(40) < 6, 1.2, 1.0)
    hump = np.where((np.arange(40) > 12) & (np.arange(40) < 25), 1.1, 1.0)
    assert steadiness.classify_windows(noisy(4, 40)) == "flat"
    assert steadiness.classify_windows(noisy(5, 40) * ramp) == "warming"
    assert steadiness.classify_windows(noisy(6, 40) * step) == "warming"
    assert steadiness.classify_windows(noisy(7, 40) / ramp) == "slowing"
    assert steadiness.classify_windows(noisy(8, 40) * hump) == "unsteady"
    assert steadiness.classify_windows(noisy(9, 29)) == "n/a"


def test_steady_windows_are_seldom_accused() -> None:
    """Also when noise is large, and when single windows are interrupted."""
    spikes = [noisy(seed, 50) * np.where(np.arange(50) % 17 == 4, 3, 1) for seed in range(100)]
    loud = [noisy(seed, 50, 0.03) for seed in range(100)]
    assert sum(steadiness.classify_windows(w) != "flat" for w in spikes) <= 2
    assert sum(steadiness.classify_windows(w) != "flat" for w in loud) <= 5


def test_what_two_windows_share_and_what_lies_at_an_end_is_no_level() -> None:
    """A tick that falls between two windows, and one in the first or last of them."""
    at = [np.isin(np.arange(32), found) for found in ((0, 20), (31, 12), (0, 1), (30, 31), (7, 8))]
    ticked = [noisy(seed, 32) * np.where(at[seed % 5], 1.1, 1) for seed in range(100)]
    assert sum(steadiness.classify_windows(w) != "flat" for w in ticked) <= 2
    brief = [noisy(seed, 32) * np.where(np.arange(32) < 5, 1.1, 1) for seed in range(100)]
    assert sum(steadiness.classify_windows(w) == "warming" for w in brief) >= 98


def test_many_are_classed_as_one_is() -> None:
    rng = np.random.default_rng(10)
    steps = [np.where(np.arange(32) < rng.integers(0, 16), 1.04, 1.0) for _ in range(100)]
    windows = [list(noisy(seed, 32) * step) for seed, step in enumerate(steps)]
    assert steadiness.classify_many(windows) == [steadiness.classify_windows(w) for w in windows]


def test_a_case_is_unstable_above_a_fifth() -> None:
    assert not steadiness.is_unstable(["flat"] * 8 + ["warming"] * 2)
    assert steadiness.is_unstable(["flat"] * 7 + ["warming", "slowing"])
    assert not steadiness.is_unstable(["n/a"] * 5) and not steadiness.is_unstable([])


def test_canary_condemns_a_launch_that_is_off_or_moved() -> None:
    history = [118, 119, 120, 121, 122] * 4  # median 120, robust sd 1.4826
    assert steadiness.canary_verdict([(120, 118), (124, 120)], history) == "clean"
    assert steadiness.canary_verdict([(125, 125), (125, 120)], history) == "off"
    assert steadiness.canary_verdict([(120, 120), (110, 127)], history) == "moved"
    assert steadiness.canary_verdict([(110, 127)], history[:19]) == "few"
    assert steadiness.canary_verdict([(130, 130)], [120] * 20, quantum_ns=10) == "clean"
    assert steadiness.canary_verdict([(130, 130)], [120] * 20) == "off"


def test_canary_condemns_nobody_where_the_host_moves_the_cpus() -> None:
    assert steadiness.canary_verdict([(120, 500)], [120] * 20 + [500] * 10) == "several"


def test_the_committed_canary_verdicts_are_what_the_rule_says() -> None:
    """The C++ half is tested against the same file."""
    assert json.loads(canary_cases.FILE.read_text()) == canary_cases.judged()


def test_canary_levels_are_found_and_cases_labelled() -> None:
    rng = np.random.default_rng(5)
    levels = np.repeat([50, 120, 520], [12, 80, 8])
    found = steadiness.canary_levels(levels * np.exp(rng.normal(0, 0.03, levels.size)))
    assert found == pytest.approx([50, 120, 520], rel=0.05)
    assert steadiness.canary_label(118, 124, found) == 1
    assert steadiness.canary_label(51, 119, found) is None
    assert len(steadiness.canary_levels(noisy(10, 100, 0.05))) == 1


def test_stopping_says_why() -> None:
    assert steadiness.adaptive_stop(noisy(1, 4)).add == 6
    steady = steadiness.adaptive_stop(noisy(1, 10, 0.002))
    assert steady.done and "at most 1 % asked" in steady.reason
    loud = steadiness.adaptive_stop(noisy(2, 10, 0.2))
    assert not loud.done and loud.add == 5
    assert "60 launches are the most" in steadiness.adaptive_stop(noisy(3, 60, 0.5)).reason
    assert "time budget" in steadiness.adaptive_stop(noisy(2, 10, 0.2), 61, 60).reason


def test_adaptive_stopping_keeps_the_promise() -> None:
    """Looking at the interval before stopping costs little coverage, and the width asked for is
    reached.
    """
    hits = used = reached = 0
    runs = 400
    for seed in range(runs):
        series, n = noisy(seed, 60, 0.015), 10
        while not (decision := steadiness.adaptive_stop(series[:n])).done:
            n += decision.add
        middle = stats.median_interval(series[:n])
        hits += middle.lo <= 1000 <= middle.hi
        reached += middle.half_width <= 0.01 * middle.value
        used += n
    assert hits / runs >= 0.92
    assert reached / runs >= 0.95 and 12 <= used / runs <= 35
