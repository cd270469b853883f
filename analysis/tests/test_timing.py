"""Batches, polling, spinning and lost peers on a run with known answers: the figures' rows hold the generator's numbers."""

from __future__ import annotations

import csv

import pytest

import synthetic_timing as known
from conftest import Made


def rows(made: Made, name: str) -> list[dict[str, str]]:
    with (made.folder / "figures" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_what_a_batch_shares_is_fitted(made: Made) -> None:
    for row in rows(made, "batch_cost"):
        assert float(row["s_ns"]) == pytest.approx(known.SHARED_NS, rel=0.05)
        assert float(row["m_ns"]) == pytest.approx(known.SHARED_NS / 4, rel=0.05)
        assert abs(float(row["residual"])) < 0.05


def test_an_interval_adds_half_of_itself_and_its_looks_cost_what_they_cost(made: Made) -> None:
    found = rows(made, "polling")
    assert [int(row["poll_interval_ns"]) for row in found] == [50_000, 500_000]
    for row in found:
        assert abs(float(row["residual"])) < 0.1
        assert float(row["receiver_cpu_ns"]) == pytest.approx(float(row["model_cpu_ns"]), rel=0.1)


def test_the_budget_of_a_wake_up_regrets_least(made: Made) -> None:
    found = rows(made, "spin_budget")
    assert {float(row["best_budget_ns"]) for row in found} == {known.WAKE_UP_NS}
    for row in found:
        assert float(row["wake_up_ns"]) == pytest.approx(known.WAKE_UP_NS, rel=0.05)
    regrets = {int(row["spin_budget_ns"]): float(row["regret"]) for row in found}
    assert regrets[6000] < 2 < regrets[0]


def test_errors_tell_at_once_and_timeouts_when_they_are_over(made: Made) -> None:
    for row in (r for r in rows(made, "detection") if r["panel"] == "detection"):
        killed = row["peer"] == "killed"
        expected = 80_000 if killed else float(row["timeout_ns"])
        assert float(row["value"]) == pytest.approx(expected, rel=0.1)
        assert float(row["by_error"]) == (1 if killed else 0)


def test_the_share_given_up_is_that_of_slow_replies(made: Made) -> None:
    late = [r for r in rows(made, "detection") if r["panel"] == "false time-outs"]
    assert len(late) == 2
    for row in late:
        assert float(row["overshoot_ns"]) == pytest.approx(known.OVERSHOOT_NS, rel=0.02)
        assert float(row["value"]) == pytest.approx(float(row["predicted"]), rel=0.15)
        assert float(row["value"]) == pytest.approx(float(row["exponential"]), rel=0.25)
