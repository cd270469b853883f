"""The gate's statistics hold what METHOD section 7 promises, on noise of known shape.

IPCMARK_LONG=1 makes ten times as many nights.
"""

from __future__ import annotations

import math
import os

import numpy as np
import pytest

import change_points
import nightly
import noise
import stats

LONG = 10 if os.environ.get("IPCMARK_LONG") else 1
NIGHTS = 10  # judged, after a window of thirty


def judged(
    rng: np.random.Generator, shape: str, series: int, step: float, by_night: int
) -> np.ndarray:
    """Series x nights: where stages one and two together say `slower`, with a step (log) that begins at
    the first judged night and stays. Confirmed nights leave the window, as in the gate; a step is told on the
    night that finds it.
    """
    logs = noise.SHAPES[shape](rng, series, nightly.kNights + by_night)
    logs[:, nightly.kNights :] += step
    medians = np.median(logs, axis=2)
    found = np.zeros((series, by_night), dtype=bool)
    for night in range(by_night):
        at = nightly.kNights + night
        error = np.array([stats.median_error(row) for row in logs[:, at]])
        past = medians[:, :at].copy()
        past[:, nightly.kNights :][found[:, :night]] = np.nan
        one = nightly.stage_one(medians[:, at], error, past)
        for row in np.flatnonzero(one.suspects()):
            if step and found[row].any():  # a step is found once: no need to confirm it again
                continue
            word = nightly.confirmed(nightly.stage_two(*noise.blocks(rng, shape, step)))
            found[row, night] = word == "slower" if step else word != ""
    return found


def test_no_false_alarm_in_5000_nights_of_identical_code() -> None:
    rng, each = np.random.default_rng(7), 125 * LONG
    alarms = sum(judged(rng, shape, each, 0.0, NIGHTS).sum() for shape in noise.SHAPES)
    assert alarms <= 1 * LONG


@pytest.mark.parametrize("shape", noise.SHAPES)
def test_five_percent_are_found_on_night_one(shape: str) -> None:
    found = judged(np.random.default_rng(11), shape, 200 * LONG, math.log(1.05), 1)
    assert found.mean() >= 0.75


@pytest.mark.parametrize("shape", noise.SHAPES)
def test_three_percent_are_found_by_night_ten(shape: str) -> None:
    found = judged(np.random.default_rng(13), shape, 100 * LONG, math.log(1.03), NIGHTS)
    assert found.any(axis=1).mean() >= 0.70


@pytest.mark.parametrize("shape", noise.SHAPES)
def test_ten_percent_are_always_found(shape: str) -> None:
    found = judged(np.random.default_rng(17), shape, 100 * LONG, math.log(1.10), 1)
    assert found.mean() >= 0.95


def test_the_minimum_detectable_effect_is_detected_four_times_in_five() -> None:
    """Normal noise of known size: what is promised is found, and half of it is not."""
    rng, series, sd = np.random.default_rng(19), 400 * LONG, 0.01
    found = {}
    mde = nightly.minimum_detectable(spread=sd, pair_sd=math.sqrt(2) * sd)
    for share in (1.0, 0.5):
        step = share * math.log1p(mde)
        past = rng.normal(0, sd, (series, nightly.kNights))
        one = nightly.stage_one(rng.normal(step, sd, series), np.full(series, 0.0), past)
        hits = 0
        for _ in np.flatnonzero(one.suspects()):
            a, b = rng.normal(0, sd, (2, nightly.kBlocks, 2))
            hits += nightly.confirmed(nightly.stage_two(np.exp(a), np.exp(b + step))) == "slower"
        found[share] = hits / series
    assert 0.70 <= found[1.0] <= 0.95 and found[0.5] < 0.35


def test_change_points_on_identical_code_are_in_one_series_of_a_hundred_at_most() -> None:
    rng = np.random.default_rng(23)
    for shape in noise.SHAPES:
        medians = np.median(noise.SHAPES[shape](rng, 100 * LONG, 200), axis=2)
        assert sum(map(bool, change_points.find(medians))) <= LONG


def test_a_step_is_dated_and_sized() -> None:
    medians = np.random.default_rng(29).normal(0, 0.01, (50, 120))
    medians[0, 70:] += math.log(1.05)
    medians[1, 40:] += math.log(1.10)
    medians[1, 90:] -= math.log(1.10)
    found = change_points.find(medians)
    (up,), (first, second) = found[0], found[1]
    assert up.first <= 70 <= up.last and up.effect == pytest.approx(0.05, abs=0.01)
    assert first.first <= 40 <= first.last and first.effect > 0.08
    assert second.first <= 90 <= second.last and second.effect < -0.07
    assert not any(found[2:])


def test_a_step_at_an_epochs_begin_is_not_a_change_point() -> None:
    medians = np.random.default_rng(31).normal(0, 0.01, (20, 100))
    medians[:, 60:] += math.log(1.2)
    assert any(change_points.find(medians)) and not any(change_points.find(medians, [60]))


def test_absent_nights_and_constant_series_are_no_change() -> None:
    medians = np.zeros((3, 60))
    medians[1, ::2] = np.nan
    medians[2] = np.nan
    assert change_points.find(medians) == [[], [], []]
    medians[0, 30:] = math.log(2)  # counts have no noise
    assert [cut.at for cut in change_points.find(medians)[0]] == [30]


def test_a_noisy_week_is_seen_and_a_step_is_not_one() -> None:
    rng = np.random.default_rng(37)
    medians = rng.normal(0, 0.01, (60, 120))
    medians[:, 50:57] += rng.normal(0, 0.06, (60, 7))
    medians[:, 90:] += math.log(1.05)
    assert change_points.noisy_nights(medians) == list(range(50, 57))


def test_the_window_is_the_newest_thirty_nights_a_series_has() -> None:
    past = np.full((1, 50), np.nan)
    past[0, :10], past[0, 15:45] = 5.0, np.linspace(-0.01, 0.01, 30)
    one = nightly.stage_one(np.array([0.0]), np.array([0.0]), past)
    assert one.nights[0] == 30 and abs(one.effect[0]) < 1e-9


def test_few_nights_are_no_baseline() -> None:
    one = nightly.stage_one(np.array([1.0]), np.array([0.01]), np.zeros((1, nightly.kFewest - 1)))
    assert math.isnan(one.effect[0]) and not one.suspects()[0]
    assert nightly.stage_one(np.array([1.0]), np.array([0.01]), np.zeros((1, 0))).nights[0] == 0


def test_a_quiet_window_is_floored_by_tonights_own_error() -> None:
    past = np.zeros((1, 30))
    past[0, ::3] = 1e-4
    one = nightly.stage_one(np.array([math.log(1.03)]), np.array([0.02]), past)
    assert not one.suspects()[0] and one.spread[0] == 0.02


def test_a_count_that_never_moved_is_suspect_when_it_does() -> None:
    one = nightly.stage_one(np.log([5.0, 4.0]), np.array([0.0, 0.0]), np.log(np.full((2, 30), 4.0)))
    assert one.suspects().tolist() == [True, False]
