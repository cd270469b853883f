"""Mixtures, hand-offs and urgent messages: known answers are found, and verdicts follow from the records alone."""

from __future__ import annotations

import copy
import math
from pathlib import Path

import numpy as np
import pytest

import claims_flow
import claims_kernel
import handoff_rows
import mixture_fit
import mixture_rows
import priority_rows
import records
import synthetic
import synthetic_mixture as truth
from records import Run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("load") / "run"
    return records.load(synthetic.generate(out, experiments=("mixture", "handoff", "priority")))


def mixture(run: Run, sizes: str, metric: str = "ns_per_message") -> mixture_fit.Mixture:
    found = mixture_fit.mixtures(run)
    return next(m for m in found if (m.axes["sizes"], m.metric) == (sizes, metric))


def test_the_best_T_is_the_one_next_to_where_the_ways_cost_the_same(run: Run) -> None:
    told = mixture_rows.row(mixture(run, "log_normal"))
    assert told["best_T_bytes"] in (2048, 4096)  # the true one is 3600
    assert told["best_lo"] <= truth.TRUE_T <= told["best_hi"]
    assert told["tolerated_lo"] <= truth.TRUE_T <= told["tolerated_hi"]


def test_a_measured_T_that_is_right_holds_and_one_that_is_wrong_is_told_why(run: Run) -> None:
    right, wrong = (mixture_rows.row(mixture(run, s)) for s in ("log_normal", "bimodal"))
    assert (right["verdict"], right["why"]) == ("holds", "")
    assert wrong["verdict"] == "broken" and wrong["auto_over_best_lo"] > mixture_fit.PROMISED
    assert "T 40 B, measured by round trips, lies outside 256 to" in wrong["why"]
    assert "goes through shared memory, and here that costs more" in wrong["why"]
    words = mixture_rows.said(mixture(run, "log_normal"))
    assert words.startswith("measured T ") and words.endswith("] (holds)")
    cells = dict(zip(mixture_rows.COLUMNS, mixture_rows.table({"mixture": [wrong]})[0]))
    assert cells["measured T"] == "40" and cells["verdict"].startswith("broken: +")


def test_ratios_are_those_of_the_costs(run: Run) -> None:
    found = mixture(run, "bimodal")
    sizes = truth.drawn(found.axes, 0)
    through_shm = truth.A_NS + truth.MORE_NS + truth.B_SHM * sizes
    through_queue = truth.A_NS + truth.B_QUEUE * sizes
    best = np.minimum(through_shm, through_queue).mean()
    ratio = mixture_rows.end_ratio(found, math.inf)
    assert ratio is not None and ratio.value == pytest.approx(through_queue.mean() / best, rel=0.05)


def test_the_best_is_found_in_other_blocks_than_it_is_judged_in() -> None:
    """Of equal T the luckiest would beat the measured one by its own noise; found elsewhere it does not."""
    rng = np.random.default_rng(3)
    y, auto = rng.normal(9, 0.02, (40, 15)), rng.normal(9, 0.02, 40)
    flat = mixture_fit.Mixture({}, "p50", tuple(range(15)), y, auto, 7, {}, 0)
    fair = mixture_fit.against_best(flat, auto)
    assert fair is not None and fair.lo is not None and fair.lo < 1 < fair.hi
    greedy = np.median(np.exp(auto - y.min(axis=1)))
    assert greedy > 1.02 > fair.value


def test_below_six_blocks_nothing_is_decided(run: Run) -> None:
    few = Run(run.path, run.manifest, {}, [r for r in run.records if r.block < 4], [])
    told = mixture_rows.row(mixture(few, "log_normal"))
    assert told["verdict"] == "undecided" and told["why"] == "4 blocks: an interval takes six"
    assert told["best_lo"] is None


def test_what_was_overloaded_has_no_response_time(run: Run) -> None:
    some = copy.deepcopy([r for r in run.records if r.experiment == "mixture"])
    for record in some:
        if record.case["path"] == "queue":
            record.values["overloaded"] = 1
    loaded = Run(run.path, run.manifest, {}, some, [])
    assert math.inf not in mixture(loaded, "log_normal", "p99").Ts
    assert math.inf in mixture(loaded, "log_normal").Ts


def test_a_hand_off_is_made_of_its_parts(run: Run) -> None:
    for row in handoff_rows.rows(run):
        if row["placement"] == "same_core" and row["transport"] in ("pipe", "posix_mq"):
            assert abs(row["residual"]) < 0.1
            assert row["switches"] == 1 and row["lo"] <= row["handoff_ns"] <= row["hi"]
    assert claims_kernel.handover(run).verdict == "holds"


def test_a_mechanism_that_does_not_switch_makes_the_claim_depend_on_it(run: Run) -> None:
    some = copy.deepcopy([r for r in run.records if r.experiment == "handoff"])
    for record in some:
        if record.transport == "pipe":
            for role in record.raw["roles"]:
                role["voluntary_switches"] = 0
    found = claims_kernel.handover(Run(run.path, run.manifest, {}, some, []))
    assert found.word == "depends" and "not for pipe" in found.verdict
    assert "switches a message 0" in found.measured


def test_the_claims_about_urgency_follow_from_places(run: Run) -> None:
    types, urgent = claims_flow.types(run), claims_flow.urgent(run)
    assert types.verdict == "refuted" and urgent.verdict == "holds"
    assert "asked for any type (0) at place 65 [65, 65] behind 64" in types.measured
    assert "64 times sooner" in urgent.measured or "65 times sooner" in urgent.measured


def test_a_type_that_were_a_priority_would_let_the_claim_hold(run: Run) -> None:
    some = copy.deepcopy([r for r in run.records if r.experiment == "priority"])
    for record in some:
        if record.case["precedence"].startswith("type"):
            record.values["urgent_position"] = 1
    assert claims_flow.types(Run(run.path, {}, {}, some, [])).verdict == "holds"


def test_what_the_rest_pays_is_paired_by_block(run: Run) -> None:
    found = priority_rows.overtakings(run)
    one = next(o for o in found if (o.precedence, o.backlog) == ("priority", 64))
    price = priority_rows.price(one, found, "drain_ns_per_message")
    assert price is not None and price.lo < 1.02 and price.hi > 0.98 and price.n == 6


def test_without_their_records_there_is_nothing_to_say(tmp_path: Path) -> None:
    empty = Run(tmp_path, {}, {}, [], [])
    assert mixture_rows.rows(empty) == handoff_rows.rows(empty) == priority_rows.rows(empty) == []
