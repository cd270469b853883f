"""Load curves: the knee is where queueing theory has it, Little's law is judged where it can be, doubts are told."""

from __future__ import annotations

import csv
import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import knee
import little
import load_rows
import report
import synthetic
import synthetic_curve
from conftest import Made
from histogram import Histogram
from records import Record, Run

ANALYSIS = Path(report.__file__).parent


@pytest.fixture(scope="module")
def curve(run: Run) -> list[Record]:
    return run.of("load", transport="pipe")


def changed(record: Record, values: dict | None = None, **case: object) -> Record:
    """A copy with other values and axes."""
    raw = json.loads(json.dumps(record.raw))
    decoded = {name: record.histogram(name) for name in raw["histograms"]}
    raw["histograms"] = {name: found.encode() for name, found in decoded.items() if found}
    raw["values"] |= values or {}
    raw["case"] |= case
    return Record(raw, record.where)


def service_ns(transport: str) -> float:
    case = {**synthetic.BASE, "transport": transport, "pattern": "pace", "reply_bytes": 0}
    return synthetic.cost(case) / 2


def test_the_knee_of_m_m_1_is_at_half_of_what_it_serves(run: Run) -> None:
    for transport in ("pipe", "unix_stream"):
        found = knee.find(run.of("load", transport=transport))
        truth = synthetic_curve.knee_per_s(service_ns(transport))
        assert found.status == "ok" and found.lo <= found.rate <= found.hi
        assert found.rate == pytest.approx(truth, rel=0.1)
        assert found.below <= truth * 1.1 and found.beyond >= truth * 0.9


def test_a_curve_that_falls_first_has_its_knee_where_it_rises(curve: list[Record]) -> None:
    idle = [r for r in curve if knee.rate(r) >= 1000]
    for record in [r for r in curve if knee.rate(r) < 1000]:  # asleep between messages: slower
        raw = changed(record).raw
        found = raw["histograms"]["response_ns"]
        found["buckets"] = [[at + 4 * 1024, n] for at, n in found["buckets"]]
        idle.append(Record(raw, record.where))
    assert knee.find(idle).rate == pytest.approx(knee.find(curve).rate, rel=0.05)


def test_a_curve_that_never_bends_has_no_knee_and_is_followed_further(curve: list[Record]) -> None:
    flat = [r for r in curve if knee.rate(r) <= 10_000]
    assert knee.find(flat).status == "none" and knee.find(flat).rate is None
    assert knee.next_rates(flat) == [32_000]


def test_a_curve_of_overloaded_rates_only_is_said_to_be_that(curve: list[Record]) -> None:
    over = [r for r in curve if knee.overloaded(r)]
    assert over and knee.find(over).status == "overloaded"
    assert knee.next_rates(over) == [320_000]  # less has to be offered


def test_responses_too_short_for_the_clocks_leave_what_was_carried(curve: list[Record]) -> None:
    unread = [changed(r) for r in curve]
    for record in unread:
        del record.raw["histograms"]["response_ns"]
    found = knee.find(unread)
    assert (found.status, found.rate, found.carried) == ("unread", None, 300_000)
    assert knee.next_rates(unread) == [550_000]  # between 300 k, carried, and 1 M, not


def test_bisection_closes_in_on_the_knee_and_stops(curve: list[Record]) -> None:
    known = [r for r in curve if knee.rate(r) in (100, 10_000, 1_000_000)]
    truth, rng = synthetic_curve.knee_per_s(service_ns("pipe")), np.random.default_rng(1)
    tried = []
    for _ in range(12):
        wanted = knee.next_rates(known)
        if not wanted:
            break
        tried += wanted
        for record in [r for r in known if knee.rate(r) == 100]:
            new = changed(record, rate_per_s=wanted[0])
            synthetic_curve.measure(new.raw, service_ns("pipe"), rng)
            known.append(new)
    assert len(tried) < 10 and tried[-1] == pytest.approx(truth, rel=0.2)
    assert len(set(tried)) == len(tried)


def test_next_answers_with_one_rate_a_curve(run_dir: Path) -> None:
    script = [sys.executable, str(ANALYSIS / "next.py"), str(run_dir), "--question", "rates"]
    found = json.loads(subprocess.run(script, capture_output=True, text=True, check=True).stdout)
    assert {e["transport"] for e in found["rates"]} == {"pipe", "unix_stream"}
    for entry in found["rates"]:
        assert "rate_per_s" not in entry["case"] and entry["case"]["schedule"] == "fixed"
        assert all(isinstance(rate, int) and rate > 0 for rate in entry["rates_per_s"])


def test_littles_law_is_judged_where_looks_can_tell(curve: list[Record]) -> None:
    held = next(r for r in curve if not knee.overloaded(r))
    failing = changed(held, {"little_residual": -0.06})
    vague = changed(held, {"little_residual": 0.5, "little_error": 0.1})
    blind = changed(held, {"little_residual": None})
    over = changed(failing, {"overloaded": 1})
    law = little.judge([changed(held, {"little_residual": 0.049}), failing, vague, blind, over])
    assert (len(law.held), law.failed, law.unresolved) == (1, [failing], 2)


def test_a_law_that_fails_and_a_late_sender_are_doubts(run: Run) -> None:
    assert load_rows.doubts(run) == []
    bad = [changed(r, {"little_residual": 0.5}) for r in run.of("load")]
    late = Histogram.of(np.full(3000, 5000.0)).encode()
    for record in bad:
        record.raw["histograms"]["send_lag_ns"] = late
    told = load_rows.doubts(Run(run.path, {}, {}, bad, []))
    assert [check for check, *_ in told] == ["little", "schedule"]
    assert "fails by more than 5%" in told[0][1] and "p99 of the schedule error" in told[1][1]


def test_summary_and_page_tell_knee_and_driver(made: Made, curve: list[Record]) -> None:
    summary = json.loads((made.folder / "summary.json").read_text())
    entry = next(e for e in summary["load"] if e["case"]["transport"] == "pipe")
    assert entry["knee_per_s"] == pytest.approx(knee.find(curve).rate)
    assert entry["driver_ns_per_message"] == synthetic_curve.DRIVER_NS
    assert entry["little"]["failed"] == 0 and entry["carried_per_s"] == 300_000
    text = (made.folder / "report.html").read_text()
    assert "Under load" in text and "38 ns" in text


def test_the_figure_tells_what_was_overloaded(made: Made) -> None:
    with (made.folder / "figures" / "load.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    pipe = [r for r in found if r["transport"] == "pipe"]
    assert [int(r["rate_per_s"]) for r in pipe if r["overloaded"] == "1"] == [1_000_000]
    assert {r["knee_per_s"] for r in pipe} and all(float(r["knee_lo"]) > 0 for r in pipe)
    assert "all overloaded" in (made.folder / "figures" / "load.svg").read_text()


def test_a_rate_nobody_reaches_is_still_drawn(run: Run, tmp_path: Path) -> None:
    over = Run(run.path, {}, {}, [r for r in run.of("load") if knee.overloaded(r)], [])
    drawn = importlib.import_module("load").draw(over, tmp_path)
    assert drawn and "1000000" in (tmp_path / "load.csv").read_text()
    assert load_rows.rows(over)[0]["status"] == "overloaded"
