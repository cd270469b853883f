"""speed.py: which rounds count, and what a verdict means. No speed is asserted."""

from __future__ import annotations

import json
from typing import Any

import pytest

import speed
import speed_rows


def launch(ratio: float, rounds: list[Any] | None = None) -> str:
    undisturbed = [100 * ratio, 100.0, 0, [50.0, 52.0, 51.0]]
    rounds = rounds or [undisturbed] * 5
    return json.dumps({"goal": "g", "measure": "time_ratio", "bound": 1.1, "rounds": rounds})


def test_the_launch_is_the_unit() -> None:
    (row,) = speed_rows.judge_goals([launch(1 + i / 100) for i in range(6)])
    assert (row["n"], row["lo"], row["hi"]) == (6, 1.0, pytest.approx(1.05))
    assert row["verdict"] == "holds"


def test_preempted_rounds_and_moved_canaries_are_dropped_and_counted() -> None:
    preempted = [900.0, 100.0, 1, [50.0, 50.0, 50.0]]
    moved = [900.0, 100.0, 0, [50.0, 50.0, 58.0]]
    good = [100.0, 100.0, 0, [50.0, 57.0, 50.0]]
    lines = [launch(1, [preempted, moved, good, good, good]) for _ in range(6)]
    (row,) = speed_rows.judge_goals(lines)
    assert (row["value"], row["rounds"], row["dropped"]) == (1.0, 30, 12)


def test_levels_of_the_canary_are_judged_apart() -> None:
    near = [launch(1.0) for _ in range(6)]
    far = [launch(1.2).replace("50.0, 52.0, 51.0", "500.0, 520.0, 510.0") for _ in range(7)]
    rows = speed_rows.judge_goals(near + far)
    assert [(r["n"], r["verdict"], r["canary_ns"]) for r in rows] == [
        (6, "holds", 51.0),
        (7, "missed", 510.0),
    ]


def test_a_launch_with_too_few_rounds_left_is_no_launch() -> None:
    (row,) = speed_rows.judge_goals([launch(1, [[1.0, 1.0, 0, [1, 1, 1]]] * 2) for _ in range(8)])
    assert row["verdict"] == "not measured"
    assert "not measured" in speed.table([row])


@pytest.mark.parametrize(
    "measure, bound, values, verdict",
    [
        ("time_ratio", 1.1, [1.0] * 6, "holds"),
        ("time_ratio", 1.1, [1.2] * 6, "missed"),
        ("time_ratio", 1.1, [1.0] * 3 + [1.2] * 3, "undecided"),
        ("rate_ratio", 0.8, [0.9] * 6, "holds"),
        ("rate_ratio", 0.8, [0.7] * 6, "missed"),
        ("added_ns", 5, [4.9] * 6, "holds"),
        ("added_ns", 5, [4.9] * 5, "undecided"),
        ("rate_ratio", None, [0.1] * 6, "no goal"),
    ],
)
def test_a_verdict_wants_the_whole_interval_on_one_side(
    measure: str, bound: float | None, values: list[float], verdict: str
) -> None:
    assert speed_rows.judge("g", measure, bound, values)["verdict"] == verdict


def test_a_rate_is_ours_over_theirs_and_a_time_too() -> None:
    assert speed_rows.VALUE["rate_ratio"](50.0, 100.0) == 2
    assert speed_rows.VALUE["time_ratio"](50.0, 100.0) == 0.5
