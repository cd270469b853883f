"""Windows, slow consumers and fans on a run with known answers: figures, rows and the index."""

from __future__ import annotations

import csv
import json
import math

import pytest

import stats
import synthetic_flow as known
from conftest import Made


def rows(made: Made, name: str) -> list[dict[str, str]]:
    with (made.folder / "figures" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def summary(made: Made) -> dict:
    return json.loads((made.folder / "summary.json").read_text())


def test_jains_index_is_one_for_equals_and_a_share_for_one_who_has_all() -> None:
    assert stats.jain([5, 5, 5]) == pytest.approx(1)
    assert stats.jain([1, 0, 0, 0]) == pytest.approx(1 / 4)
    assert stats.jain([3, 1]) == pytest.approx(16 / 20)
    assert math.isnan(stats.jain([0, 0])) and math.isnan(stats.jain([]))


def test_throughput_grows_with_the_window_to_where_it_was_made_to(made: Made) -> None:
    per_s = {int(r["window"]): float(r["per_s"]) for r in rows(made, "window")
             if r["transport"] == "pipe" and r["window"]}  # fmt: skip
    for w, rate in per_s.items():
        assert rate == pytest.approx(1e9 / known.TRIP_NS * min(w, known.OVERLAP), rel=0.08)
    found = {r["case"]["transport"]: r for r in summary(made)["window"]}
    assert found["pipe"]["window_enough"] == known.OVERLAP
    gain = found["pipe"]["gain"]
    assert gain["lo"] <= known.OVERLAP * 1.02 and gain["hi"] >= known.OVERLAP * 0.98


def test_a_window_that_a_channel_cannot_hold_ends_its_line(made: Made) -> None:
    held = [int(r["window"]) for r in rows(made, "window")
            if r["transport"] == "posix_mq" and r["window"]]  # fmt: skip
    assert max(held) == 8 and "16" not in map(str, held)


def test_a_full_buffer_has_a_row_for_what_the_sender_does(made: Made) -> None:
    full = {r["full"]: r for r in rows(made, "window") if r["full"]}
    assert set(full) == {"block", "fail", "drop"}
    assert float(full["drop"]["dropped"]) == 50_000 and float(full["fail"]["dropped"]) == 0
    assert float(full["fail"]["refusal_ns"]) == pytest.approx(120, rel=0.1)


def test_what_healthy_consumers_keep_is_paired_with_nobody_slow(made: Made) -> None:
    kept = {(r["arrangement"], r["pause_ns"]): r["kept"] for r in summary(made)["hol_blocking"]}
    for arrangement in ("any", "own", "addressed", "addressed, 4 credits"):
        assert kept[arrangement, 0]["median"] == 1
    assert kept["addressed", "inf"]["median"] < 0.001
    assert kept["addressed, 4 credits", "inf"]["lo"] == pytest.approx(
        known.KEPT_WITH_CREDITS, abs=1e-3
    )
    assert kept["own", "inf"]["median"] == pytest.approx(1)


def test_a_stopped_consumer_takes_a_third_off_the_index_of_three(made: Made) -> None:
    found = {
        (r["arrangement"], r["pause_ns"]): float(r["jain"]) for r in rows(made, "hol_blocking")
    }
    assert found["own", "inf"] == pytest.approx(2 / 3, abs=1e-3)
    assert found["own", "0"] == pytest.approx(1)


def test_a_fan_says_how_much_and_how_evenly_and_who_shared_a_cpu(made: Made) -> None:
    for row in rows(made, "fan"):
        ends = int(row["ends"])
        assert float(row["per_s"]) == pytest.approx(known.FAN_PER_S, rel=0.08)
        shares = [known.LUCKY_SHARE, *[1] * (ends - 1)] if ends > 1 else [1]
        assert float(row["jain"]) == pytest.approx(stats.jain(shares), abs=1e-3)
        assert int(row["oversubscribed"]) == (ends > 1)
    text = (made.folder / "figures" / "fan.svg").read_text()
    assert "oversubscribed" in text
