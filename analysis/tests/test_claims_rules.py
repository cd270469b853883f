"""Each rule of the claims table: records that let the claim hold, that refute it, and that cannot tell."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from claims_parts import DEPENDS, HOLDS, REFUTED, UNTESTABLE
from made_records import (
    asked,
    batch,
    calls,
    dealt,
    filled,
    followed,
    handed,
    judged,
    litmus,
    looked,
    lost,
    overtook,
    packed,
    published,
    sent,
    streamed,
    struck,
    trip,
)
from made_records import waited, went_round, window
from records import Record, Run

Made = list[list[Record]]


def handoffs(pipe_ns: float, switches: int = 2000) -> Made:
    """The futex on one CPU and on two, and a pipe whose own work is 500 ns: 3500 ns are predicted."""
    return [handed("futex", 3000), handed("futex", 2000, "same_llc"), handed("pipe", 2500, "same_llc"),
            handed("pipe", pipe_ns, switches=switches)]  # fmt: skip


def credited(without: float, with_4: float) -> Made:
    """1000 messages each when nobody is slow; what healthy ones get beside a stopped one."""
    alone = [dealt(1000, sharing="addressed", credits=c) for c in (0, 4)]
    stopped = {"sharing": "addressed", "pause_ns": "inf"}
    return [*alone, dealt(without, **stopped), dealt(with_4, credits=4, **stopped)]


def owned(got: float) -> Made:
    return [dealt(1000, sharing="own"), dealt(got, sharing="own", pause_ns="inf")]


def round_here(update_ns: float) -> Made:
    """A counter that is deceived once round and not else, on a machine whose updates take so long."""
    return [went_round(16, a, 10 * (a == "exact"), update_ns) for a in ("one_less", "exact", "one_more")]  # fmt: skip


def detection(
    short: float, long: float, late: tuple[float, float] = (0.5, 0.01), by_error: bool = False
) -> Made:
    found = [lost(1_000_000, short, by_error), lost(4_000_000, long, by_error)]
    return found + [asked("inf", 0), asked(50_000, late[0]), asked(400_000, late[1])]


# number: records, and the word of the verdict; of each claim at least one that holds and one that does not
CASES: list[tuple[int, Callable[[], Made], str]] = [
    (1, lambda: [trip("pipe", 10_500), trip("posix_mq", 12_500), trip("shm_ring", 150, "spin")], HOLDS),
    (1, lambda: [trip("pipe", 40_000), trip("posix_mq", 50_000), trip("shm_ring", 900, "spin")], REFUTED),
    (1, lambda: [trip("pipe", 10_000), trip("shm_ring", 9000)], DEPENDS),
    (2, lambda: [trip("pipe", 1000), trip("fifo", 1010), trip("sysv_mq", 1200), trip("shm_ring", 30, "spin")], HOLDS),
    (2, lambda: [trip("pipe", 1000), trip("fifo", 2000), trip("sysv_mq", 3000), trip("shm_ring", 900)], REFUTED),
    (2, lambda: [trip("pipe", 1000), trip("shm_ring", 30, "spin"), trip("shm_ring", 990)], DEPENDS),
    (3, lambda: [calls("pipe", 2, 2), calls("posix_mq", 1, 2), calls("shm_ring", 0, 0, "spin", backing="memfd")], HOLDS),
    (3, lambda: [calls("pipe", 3, 2), calls("shm_ring", 0, 2, "spin", backing="memfd")], REFUTED),
    (3, lambda: [calls("shm_ring", 0, 0, "spin", backing="memfd"), calls("shm_ring", 2, 0, backing="memfd")], DEPENDS),
    (4, lambda: [filled(1024, 0.01)], HOLDS),
    (4, lambda: [filled(64, 0.01)], HOLDS),
    (4, lambda: [filled(300, 0.99)], REFUTED),
    (4, lambda: [filled(1024, 0.99)], DEPENDS),
    (5, lambda: [trip("pipe", 1000), trip("fifo", 1050), trip("unix_stream", 900)], HOLDS),
    (5, lambda: [trip("pipe", 1000), trip("fifo", 1500), trip("unix_stream", 2500)], REFUTED),
    (6, lambda: [trip("pipe", 1000), trip("unix_stream", 1100), trip("tcp", 2000)], HOLDS),
    (6, lambda: [trip("pipe", 1000), trip("unix_stream", 3000), trip("tcp", 2000)], REFUTED),
    (7, lambda: [overtook("type_first", 1), overtook("type_highest", 2)], HOLDS),
    (7, lambda: [overtook("type_first", 65), overtook("type_highest", 65), overtook("type_lowest", 1)], REFUTED),
    (8, lambda: [window("pipe", 4)], HOLDS),
    (8, lambda: [window("pipe", 1.01)], REFUTED),
    (8, lambda: [window("pipe", 4), window("sysv_mq", 1.01)], DEPENDS),
    (9, lambda: [batch("pipe", 1000), batch("shm_ring", 300, backing="memfd"), waited(52_000, 100_000)], HOLDS),
    (9, lambda: [batch("pipe", 3000), batch("shm_ring", 30, backing="memfd"), waited(99_000, 1000)], REFUTED),
    (9, lambda: [batch("pipe", 1000), waited(99_000, 1000)], DEPENDS),
    (10, lambda: [looked(51_000, 20_000.0)], HOLDS),
    (10, lambda: [looked(99_000, 1000.0)], REFUTED),
    (10, lambda: [looked(51_000, 1000.0)], DEPENDS),
    (12, lambda: credited(10, 990), HOLDS),
    (12, lambda: credited(990, 10), REFUTED),
    (12, lambda: credited(10, 500), DEPENDS),
    (18, lambda: owned(990), HOLDS),
    (18, lambda: owned(500), REFUTED),
    (19, lambda: [overtook("fifo", 65, "posix_mq"), overtook("priority", 1, "posix_mq")], HOLDS),
    (19, lambda: [overtook("fifo", 65, "posix_mq"), overtook("priority", 60, "posix_mq")], REFUTED),
    (20, lambda: [streamed("udp", 1000, lost=100), trip("udp", 2000)], HOLDS),
    (20, lambda: [streamed("udp", 1000, lost=100, goodput=1.5), trip("udp", 20_000)], REFUTED),
    (20, lambda: [streamed("udp", 1000, lost=100), trip("udp", 20_000)], DEPENDS),
    (21, lambda: handoffs(3600), HOLDS),
    (21, lambda: handoffs(9000)[2:3] + [handed("pipe", 3500, switches=0)], REFUTED),
    (21, lambda: handoffs(9000), DEPENDS),
    (21, lambda: handoffs(3600, switches=0), DEPENDS),
    (15, lambda: [packed(300, 8), packed(200, 64), packed(200, 128)], HOLDS),
    (15, lambda: [packed(190, 8), packed(230, 64), packed(200, 128)], REFUTED),
    (15, lambda: [packed(190, 8), packed(201, 64), packed(200, 128)], DEPENDS),
    (17, lambda: [struck("punch_hole", 1.0)], HOLDS),
    (17, lambda: [struck("own_mapping", 0.0)], REFUTED),
    (17, lambda: [struck("punch_hole", 1.0), struck("own_mapping", 0.0)], DEPENDS),
    (13, lambda: [published("release_acquire", 1.0), published("fences", 1.1)], HOLDS),
    (13, lambda: [published("fences", 4.0, "indices")], REFUTED),
    (13, lambda: [published("release_acquire", 1.0), published("fences", 4.0)], DEPENDS),
    (13, lambda: [published("release_acquire", 1.0), litmus(12)], HOLDS),
    (14, lambda: round_here(20.0), HOLDS),
    (14, lambda: [went_round(8, "exact", 0, 1.0), went_round(8, "one_more", 10, 1.0)][:1] + [went_round(9, "one_less", 10, 1e-12)], REFUTED),
    (14, lambda: round_here(4.0), DEPENDS),
    (16, lambda: [followed("raw", 0), followed("offset64", 10, 0.3)], HOLDS),
    (16, lambda: [followed("raw", 10), followed("offset64", 0, 5.0)], REFUTED),
    (16, lambda: [followed("raw", 0), followed("offset64", 10, 5.0)], DEPENDS),
    (22, lambda: [sent("pipe", 1000), sent("vmsplice", 500, "in_place")], HOLDS),
    (22, lambda: [sent("pipe", 1000), sent("vmsplice", 950, "in_place")], REFUTED),
    (22, lambda: [sent("pipe", 1000), sent("vmsplice", 500, "in_place"), sent("memfd_fresh", 9000)], DEPENDS),
    (23, lambda: detection(1_020_000, 4_030_000), HOLDS),
    (23, lambda: detection(4_030_000, 1_020_000, (0.01, 0.5)), REFUTED),
    (23, lambda: detection(360_000, 370_000, by_error=True), DEPENDS),
]  # fmt: skip


@pytest.mark.parametrize(("number", "records", "word"), CASES)
def test_a_verdict_follows_the_records(number: int, records: Callable[[], Made], word: str) -> None:
    found = judged(number, *records())
    assert found.word == word and found.verdict.startswith(word), (found.verdict, found.measured)
    assert found.measured
    if word == DEPENDS:
        assert (
            " on " in found.verdict and "holds for" in found.verdict and "not for" in found.verdict
        )


@pytest.mark.parametrize(("number", "records", "word"), CASES)
def test_five_launches_tell_nothing(number: int, records: Callable[[], Made], word: str) -> None:
    found = judged(number, *([r for r in some if r.block < 5] for some in records()))
    assert found.word == UNTESTABLE and "5 launches, 6 needed" in found.verdict, found.verdict


@pytest.mark.parametrize("number", sorted({case[0] for case in CASES}))
def test_of_other_experiments_records_nothing_is_said(number: int) -> None:
    found = judged(number, trip("null", 1) if number > 2 else window("pipe", 4))
    assert found.word == UNTESTABLE and not found.measured
    assert found.verdict.startswith("not testable here: no "), found.verdict


def test_every_rule_is_tried_both_ways() -> None:
    import claims

    tried = {(number, word) for number, _, word in CASES}
    for claim in claims.CLAIMS:
        if claim.rule is not None and claim.number != 11:  # has a test of its own
            assert {(claim.number, HOLDS), (claim.number, REFUTED)} <= tried


def hybrid(run: Run, change: Callable[[Record], float]) -> Any:
    """Claim 11 on the made run's pipe, the times of its hybrid changed."""
    some = copy.deepcopy([r for r in run.of("crossover") if "pipe" in r.transport])
    for record in some:
        by = change(record)
        times = record.raw["windows"]["ns_per_message"]
        record.raw["windows"]["ns_per_message"] = [t * by for t in times]
    return judged(11, some)


def test_a_threshold_that_parts_the_ways_lets_the_hybrid_hold(run: Run) -> None:
    found = hybrid(run, lambda r: 1.0)
    assert found.word == HOLDS and "T pipe" in found.measured and "formula" in found.measured


def test_an_auto_that_is_slower_than_its_parts_makes_it_depend(run: Run) -> None:
    found = hybrid(run, lambda r: 1.3 if r.case["path"] == "auto" else 1.0)
    assert found.word == DEPENDS and "not for auto" in found.verdict


def test_a_queue_that_always_wins_refutes_the_threshold(run: Run) -> None:
    found = hybrid(run, lambda r: {"shm": 9.0, "auto": 9.0}.get(r.case["path"], 1.0))
    assert found.word == REFUTED
