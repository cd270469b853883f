"""local_fit.py: the formula's parameters, Fieller, regimes, and the flag for a model that does
not fit.
"""

from __future__ import annotations

import numpy as np
import pytest

import cost_model
import crossing
import local_fit


def exact(breaks: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Eight blocks with half a percent of noise."""
    rng = np.random.default_rng(2)
    sizes = cost_model.kHalfOctaves
    noise = np.exp(rng.normal(0, 0.005, (2, 8, sizes.size)))
    y_q = cost_model.queue_ns(sizes) if breaks else 1200 + 0.35 * sizes
    y_h = cost_model.shm_ns(sizes) if breaks else 1500 + 0.05 * sizes
    return sizes, y_q * noise[0], y_h * noise[1]


def test_parameters_are_recovered() -> None:
    sizes, y_q, y_h = exact(breaks=False)
    fit = local_fit.explain(sizes, y_q, y_h, 1000, (950, 1050), descriptor_bytes=16)
    assert fit.status == "ok" and fit.mismatch is False and fit.note == ""
    assert (fit.a_q, fit.b_q) == (pytest.approx(1200, rel=0.01), pytest.approx(0.35, rel=0.03))
    assert (fit.A_h, fit.b_s) == (pytest.approx(1500, rel=0.01), pytest.approx(0.05, rel=0.1))
    assert fit.a_s == pytest.approx(fit.A_h - fit.a_q - 16 * fit.b_q)
    assert fit.T_bytes == pytest.approx((fit.a_s + 16 * fit.b_q) / (fit.b_q - fit.b_s))
    assert fit.lo <= 1000 <= fit.hi and fit.fieller[0] <= 1000 <= fit.fieller[1]
    assert fit.regime == (125, 8000)


def test_one_wild_size_does_not_move_the_line() -> None:
    sizes = np.arange(1.0, 21)
    costs = (100 + 3 * sizes)[None].copy()
    costs[0, 7] *= 4
    intercept, slope = local_fit.huber_lines(sizes, costs)
    assert intercept[0] == pytest.approx(100, rel=0.01) and slope[0] == pytest.approx(3, rel=0.02)
    costs[0, 7] = np.nan
    assert local_fit.huber_lines(sizes, costs)[1][0] == pytest.approx(3)


def test_a_declared_break_bounds_the_regime() -> None:
    assert local_fit.regime(1000, [4096, 512, 65536, 300]) == (512, 4096)
    assert local_fit.regime(4096, [4096]) == (512, 4096)
    assert local_fit.regime(1000, []) == (125, 8000)


def test_an_undeclared_break_is_found_by_the_data() -> None:
    sizes = cost_model.kHalfOctaves
    _, y_q, y_h = exact(breaks=False)
    y_q = y_q * np.where(sizes > 1448, 1.5, 1)
    fit = local_fit.explain(sizes, y_q, y_h, 1000, (950, 1050))
    assert fit.breaks == (1448,) and fit.regime == (125, 1448)
    assert fit.T_bytes == pytest.approx(1000, rel=0.06)


def test_fieller_is_exact_without_correlation_and_unbounded_at_zero_slope() -> None:
    low, high = local_fit.fieller(10, 5, [[0, 0], [0, 0]], 9)
    assert low == high == 2
    low, high = local_fit.fieller(10, 5, [[1, 0], [0, 0]], 9)  # t(9) = 2.262
    assert (low, high) == pytest.approx((2 - 2.262157 / 5, 2 + 2.262157 / 5))
    assert local_fit.fieller(10, 0.1, [[1, 0], [0, 1]], 9) is None


def test_equal_slopes_are_not_distinguishable() -> None:
    sizes, y_q, y_h = exact(breaks=False)
    rng = np.random.default_rng(3)
    y_h = (1200 + 0.35 * sizes) * np.exp(rng.normal(0, 0.01, y_q.shape))
    fit = local_fit.explain(sizes, y_q, y_h, 1000, (500, 2000))
    assert fit.fieller is None and "slopes not distinguishable" in fit.note


def test_costs_that_jump_across_each_other_are_a_mismatch() -> None:
    """The queue jumps at its capacity from well below to well above: T is at the jump, no
    formula says so.
    """
    sizes = cost_model.kHalfOctaves
    rng = np.random.default_rng(4)
    noise = np.exp(rng.normal(0, 0.005, (2, 8, sizes.size)))
    y_q = (1000 + 0.1 * sizes + np.where(sizes > 4096, 9000, 0)) * noise[0]
    y_h = (5000 + 0.05 * sizes) * noise[1]
    answer = crossing.crossover(sizes, y_q, y_h)
    assert answer.status == "ok" and 4096 <= answer.T_bytes <= 5793
    bounds = (answer.lo, answer.hi)
    fit = local_fit.explain(sizes, y_q, y_h, answer.T_bytes, bounds, 16, [4096])
    assert fit.mismatch is True and "jump across each other" in fit.note


def test_what_cannot_be_fitted_says_so() -> None:
    sizes, y_q, y_h = exact(breaks=False)
    few = local_fit.explain(sizes, y_q, y_h, 1000, breaks_bytes=[900, 1100])
    assert few.status == "only 1 sizes between the breaks around T" and few.T_bytes is None
    assert local_fit.explain(sizes, y_q, y_h, float("inf")).status == "no crossing to explain"
    none = local_fit.explain(sizes, y_q[:3], y_h[:3], 1000)
    assert none.lo is None and none.note == "no interval: 3 blocks, 6 needed"
    assert none.mismatch is None
