"""Planted bugs in made-up records: what costs too much is named, its sound twin is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import doubts
import line_hops
import shot_down
from made_records import LAUNCHES, made
from records import Record, Run

MINE = {"plugins": [{"transports": ["mine"]}]}
SPUN = {"wait": "spin", "message_bytes": 8, "backing": "memfd"}


def spun(transport: str, ns: int, canary: float = 100.0, **more: Any) -> list[Record]:
    times = {"round_trip_ns": [ns] * 2000}
    metric = {"quantity": "round_trip_ns"}
    axes = {**SPUN, **more}
    found = made("latency", ns, transport=transport, histograms=times, metric=metric, **axes)
    for record in found:
        record.raw["canary"] = {"before_ns": canary, "after_ns": canary}
    return found


def told(check: str, *several: list[Record], manifest: dict = MINE) -> list[str]:
    run = Run(Path("made"), manifest, {}, [r for some in several for r in some], [])
    return [d["message"] for d in doubts.doubts(run, 0) if d["check"] == check]


def struck(
    transport: str, count: int | None, launches: int = LAUNCHES, **more: Any
) -> list[Record]:
    """So many shootdowns in each launch of 0.1 s."""
    metric = {"copies": 2, "loop": "closed", "quantity": "round_trip_ns"}
    found = made("latency", 1000.0, launches, transport=transport, metric=metric, **more)
    for record in found:
        record.raw["machine"] = {"tlb_shootdowns": count, "watched_ns": 100_000_000}
    return found


def test_a_line_too_many_in_a_plug_in_is_a_doubt_with_its_number_and_reference():
    (message,) = told("cache_lines", spun("mine", 310), spun("shm_ring", 110), spun("slower", 150))
    assert message.startswith("mine: a message of 8 B takes as long as 3.10 hand-offs")
    assert "2.00 [2.00, 2.00] more than through shm_ring" in message


def test_the_sound_twin_and_slow_built_in_transports_are_none():
    assert not told("cache_lines", spun("mine", 120), spun("shm_ring", 110), spun("locked", 900))


def test_hand_offs_are_those_of_the_machine_it_ran_on():
    """Twice the time where a bare line takes twice as long is as many hand-offs."""
    for ns, canary in ((120, 100.0), (240, 200.0)):
        run = Run(Path("made"), MINE, {}, spun("mine", ns, canary), [])
        assert [row["handoffs"] for row in line_hops.rows(run)] == [1.2]


def test_each_level_of_the_canary_is_judged_by_itself():
    """Where lines are far apart the word may be back before anybody looks."""
    near = spun("mine", 200) + spun("shm_ring", 110)
    far = spun("mine", 550, canary=500.0) + spun("shm_ring", 550, canary=500.0)
    for record in far:
        record.raw |= {"launch_id": f"far{record.block}", "block": record.block + 6}
    (message,) = told("cache_lines", near, far)
    assert "0.90 [0.90, 0.90] more" in message


def test_two_blocks_prove_nothing():
    few = [spun("mine", 310)[:2], spun("shm_ring", 110)[:2]]
    assert not told("cache_lines", *few)


def test_a_plug_in_alone_is_in_the_table_and_compared_with_nothing():
    run = Run(Path("made"), MINE, {}, spun("mine", 310), [])
    (row,) = line_hops.rows(run)
    assert row["extra"] is None and not line_hops.doubts(run)
    assert line_hops.table([row])[0][2] == "–"


def test_ends_that_block_or_share_a_cpu_tell_nothing_of_lines():
    apart = spun("mine", 310, wait="block") + spun("shm_ring", 110, wait="block")
    same = spun("mine", 310)
    for record in same:
        record.raw["canary"] = None
    assert not line_hops.rows(Run(Path("made"), MINE, {}, apart + same, []))


def test_shootdowns_that_one_transport_alone_suffers_are_a_doubt():
    (message,) = told("shootdowns", struck("mine", 300), struck("shm_ring", 0), struck("pipe", 1))
    assert message.startswith("mine: TLB shootdowns interrupt the CPUs of its ends 3,000")
    assert "a message" in message and "(the other transports: " in message


def test_what_all_suffer_and_what_was_asked_for_are_none():
    assert not told("shootdowns", struck("mine", 300), struck("shm_ring", 280))
    assert not told("shootdowns", struck("mine", 9), struck("shm_ring", 0))
    assert not told("shootdowns", struck("mine", 300, trigger="punch_hole"), struck("shm_ring", 0))
    assert not told("shootdowns", struck("mine", None), struck("shm_ring", None))


def test_below_six_launches_each_of_them_must_show_it():
    some = struck("mine", 300, launches=3)
    assert told("shootdowns", some, struck("shm_ring", 0))
    some[1].raw["machine"]["tlb_shootdowns"] = 0
    assert not told("shootdowns", some, struck("shm_ring", 0))
    assert shot_down.rows(Run(Path("made"), {}, {}, some, []))[0]["lo"] is None
