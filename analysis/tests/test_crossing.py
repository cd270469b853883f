"""crossing.py: T where it is known, the answers that are not a number, and its coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest

import cost_model
import crossing
import crossover_rows
import local_fit
import stats

kSizes = np.array([1.0, 2, 4, 8, 16, 32, 64, 128])


def costs(D: list[float], blocks: int = 6, spread: float = 0.01) -> tuple[np.ndarray, np.ndarray]:
    """y of both paths whose log ratio is D, a little apart from block to block, evenly around
    it.
    """
    wobble = np.linspace(-spread, spread, blocks)[:, None]
    return np.exp(np.asarray(D) + wobble), np.ones((blocks, len(D)))


def test_crossing_is_interpolated_on_log_size() -> None:
    answer = crossing.crossover(kSizes, *costs([-4, -3, -2, -1, 1, 2, 3, 4]))
    assert answer.status == "ok" and answer.p_in_range == 1 and answer.note == ""
    assert answer.T_bytes == pytest.approx(math.sqrt(8 * 16))
    assert answer.lo < answer.T_bytes < answer.hi
    assert answer.crossings[0].between == (8, 16) and answer.crossings[0].rising
    assert answer.dominance == ("queue",) * 4 + ("shm",) * 4


def test_no_crossing_names_the_winner() -> None:
    queue = crossing.crossover(kSizes, *costs([-1] * 8))
    shm = crossing.crossover(kSizes, *costs([1] * 8))
    even = crossing.crossover(kSizes, *costs([0] * 8))
    assert [a.winner for a in (queue, shm, even)] == ["queue", "shm", "undecided"]
    assert all(a.status == "none" and a.T_bytes is None for a in (queue, shm, even))
    assert queue.p_in_range == shm.p_in_range == 0
    assert [crossing.best_threshold(a) for a in (queue, shm)] == [math.inf, 0]


def test_every_crossing_is_listed() -> None:
    answer = crossing.crossover(kSizes, *costs([-2, -1, 0.5, 1, -2, -1, 1, 4]))
    assert answer.status == "several" and answer.T_bytes is None
    assert [c.rising for c in answer.crossings] == [True, False, True]
    assert [c.between for c in answer.crossings] == [(2, 4), (8, 16), (32, 64)]
    assert all(c.lo <= c.T_bytes <= c.hi for c in answer.crossings)
    assert crossing.best_threshold(answer) == answer.crossings[2].T_bytes


def test_undecided_sizes_make_no_crossing_of_their_own() -> None:
    answer = crossing.crossover(kSizes, *costs([-2, -1, 0.002, -0.002, 0.001, 1, 2, 0.001]))
    assert answer.status == "ok" and 4 <= answer.T_bytes <= 32
    assert answer.dominance[2:5] == ("undecided",) * 3 and answer.dominance[7] == "undecided"


def test_an_undecided_begin_does_not_push_T_out_of_range() -> None:
    """At the smallest size the paths differ widely from block to block, but not by their median."""
    y_q, y_h = costs([3, -0.03, -0.03, -0.03, -0.02, 1, 2, 3])
    y_q[:, 0] = np.exp([-2, 3, 3, 3, 3, -2])
    answer = crossing.crossover(kSizes, y_q, y_h)
    assert answer.status == "ok" and 16 <= answer.T_bytes <= 32


def test_a_falling_crossing_is_a_crossing() -> None:
    answer = crossing.crossover(kSizes, *costs([3, 2, 1, -1, -2, -3, -4, -5]))
    assert answer.status == "ok" and not answer.crossings[0].rising
    assert answer.T_bytes == pytest.approx(math.sqrt(4 * 8))


def test_few_blocks_give_T_without_interval() -> None:
    answer = crossing.crossover(kSizes, *costs([-4, -3, -2, -1, 1, 2, 3, 4], blocks=5))
    assert answer.status == "ok" and answer.lo is None and answer.hi is None
    assert answer.note == "no interval: 5 blocks, 6 needed" and answer.p_in_range is None


def test_few_blocks_decide_no_size_and_their_T_is_no_answer() -> None:
    few, enough = (
        crossing.crossover(kSizes, *costs([-4, -3, -2, -1, 1, 2, 3, 4], blocks=n)) for n in (5, 6)
    )
    assert not few.judged and set(few.dominance) == {crossing.kUndecided}
    assert crossover_rows.unjudged(few) == "5 blocks, 6 needed; seen between 8 and 16 B"
    assert enough.judged and crossing.kUndecided not in enough.dominance


def test_one_noisy_size_of_one_block_is_no_second_crossing() -> None:
    answer = crossing.crossover(kSizes, *costs([-4, -3, 0.1, -1, 1, 2, -0.1, 4], blocks=1))
    assert answer.status == "ok" and 4 < answer.T_bytes < 32


def test_bounds_may_be_infinite() -> None:
    """Half of the blocks say the queue wins everywhere in range."""
    y_q, y_h = costs([-4, -3, -2, -1, -0.5, -0.4, -0.3, 0.3], blocks=8, spread=0.25)
    assert crossing.crossover(kSizes, y_q, y_h).hi < math.inf
    y_q[:4, -1] = np.exp(-0.2)
    y_q[4:, -1] = np.exp(0.9)
    answer = crossing.crossover(kSizes, y_q, y_h)
    assert answer.status == "none" and 0 < answer.p_in_range < 1
    logs = np.log(kSizes)
    assert crossing.zero_crossings(logs, -np.ones((1, 8)), np.ones((1, 8)))[0] == math.inf
    assert crossing.zero_crossings(logs, np.ones((1, 8)), np.ones((1, 8)))[0] == -math.inf


def test_absent_values_are_passed_over() -> None:
    y_q, y_h = costs([-4, -3, -2, -1, 1, 2, 3, 4], blocks=8)
    y_q[:4, 3] = np.nan
    y_h[0] = np.nan
    y_q[:, 6] = np.nan
    answer = crossing.crossover(kSizes, y_q, y_h)
    assert answer.blocks == 7 and len(answer.sizes) == 7 and 64 not in answer.sizes
    assert answer.T_bytes == pytest.approx(math.sqrt(8 * 16), rel=0.05)
    with pytest.raises(ValueError, match="both paths"):
        crossing.crossover(kSizes, y_q * np.nan, y_h)
    with pytest.raises(ValueError, match="ascending"):
        crossing.crossover(kSizes[::-1], y_q, y_h)


def zero_by_pav(logs: np.ndarray, D: np.ndarray, weights: np.ndarray) -> float:
    here = weights > 0
    logs, fit = logs[here], stats.isotonic(D[here], weights[here])
    if fit[0] >= 0 or fit[-1] < 0:
        return -math.inf if fit[0] >= 0 else math.inf
    k = int(np.flatnonzero(fit < 0)[-1])
    return logs[k] + (logs[k + 1] - logs[k]) * fit[k] / (fit[k] - fit[k + 1])


def test_zero_crossings_are_those_of_the_isotonic_fit() -> None:
    rng = np.random.default_rng(1)
    logs = np.log(kSizes)
    D = rng.normal(np.linspace(-1, 1, 8), 1.0, (400, 8))
    weights = rng.integers(0, 4, D.shape).astype(float)
    weights[:, 4] = 1
    found = crossing.zero_crossings(logs, D, weights)
    assert found == pytest.approx([zero_by_pav(logs, d, w) for d, w in zip(D, weights)])


def test_refined_sizes_surround_T() -> None:
    assert crossing.refine_sizes(1000)[0] == 500 and crossing.refine_sizes(1000)[-1] == 2000
    assert len(crossing.refine_sizes(1000)) == 8
    assert crossing.refine_sizes(2) == [1, 2, 3, 4] and crossing.refine_sizes(math.inf) == []


def global_intervals(sizes: np.ndarray, y_q: np.ndarray, y_h: np.ndarray) -> dict[str, tuple]:
    """T of one straight line per path over all sizes, absolute and relative, with bootstrap
    intervals.
    """
    picks = stats.block_resamples(len(y_q), 200)
    rows = [stats.column_medians(np.swapaxes(y[picks], 1, 2)) for y in (y_q, y_h)]
    design = np.vander(sizes, 2)
    absolute = [np.linalg.lstsq(design, r.T, rcond=None)[0] for r in rows]
    relative = [local_fit.huber_lines(sizes, r) for r in rows]
    (sq, iq), (sh, ih) = absolute
    (riq, rsq), (rih, rsh) = relative
    return {
        "absolute": stats.nearest_rank_interval((ih - iq) / (sq - sh)),
        "relative": stats.nearest_rank_interval((rih - riq) / (rsq - rsh)),
    }


@pytest.mark.parametrize("blocks", [6, 10])
def test_T_covers_where_a_global_fit_fails(blocks: int) -> None:
    """Model-free and local T cover >= 92 % under cache and capacity breaks; one line over
    everything does not.
    """
    rng, runs = np.random.default_rng(100 + blocks), 150
    hits = {"headline": 0, "local": 0, "absolute": 0, "relative": 0}
    mismatches = 0
    for _ in range(runs):
        sizes, y_q, y_h = cost_model.measure(rng, blocks)
        answer = crossing.crossover(sizes, y_q, y_h)
        if answer.status == "ok":
            bounds = (answer.lo, answer.hi)
            hits["headline"] += answer.lo <= cost_model.kTrueT <= answer.hi
            fit = local_fit.explain(
                sizes, y_q, y_h, answer.T_bytes, bounds, 16, cost_model.kBreaks, resamples=300
            )
            hits["local"] += fit.lo <= cost_model.kTrueT <= fit.hi
            mismatches += bool(fit.mismatch)
        for name, (low, high) in global_intervals(sizes, y_q, y_h).items():
            hits[name] += low <= cost_model.kTrueT <= high
    share = {name: count / runs for name, count in hits.items()}
    print(blocks, share, mismatches)
    assert share["headline"] >= 0.92
    assert share["local"] >= 0.88
    assert share["absolute"] < 0.2 and share["relative"] < 0.2
    assert mismatches <= 0.03 * runs
