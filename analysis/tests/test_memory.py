"""Orders, counters, addresses and copies: what is planted is found with its size, and what is not there is said not to be."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import aba
import aba_values
import litmus
import memory_order
import offset_pointers
import paired_values
import records
import remapping
import synthetic
import synthetic_memory
from records import Run
from stats import Interval


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Run:
    names = tuple(synthetic_memory.MADE)
    folder = synthetic.generate(tmp_path_factory.mktemp("memory") / "run", experiments=names)
    return records.load(folder)


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_price_of_orders_is_found_and_relaxed_has_none(made: Run, tmp_path: Path) -> None:
    (drawn,) = memory_order.draw(made, tmp_path)
    found = {(r["panel"], r["orders"]): r for r in rows(tmp_path, "memory_order")}
    for orders, times in synthetic_memory.TIMES.items():
        row = found["an item of a ring", orders]
        assert float(row["times"]) == pytest.approx(times, rel=0.002)
        assert float(row["times_lo"]) <= float(row["times"]) <= float(row["times_hi"])
    assert "relaxed / relaxed: 1.000×" in drawn.caption and "no effect" in drawn.caption


def test_no_weak_outcome_means_another_thing_on_each_machine(made: Run) -> None:
    told = {(one.test, one.orders): one for one in litmus.seen(made)}
    relaxed = told["message_passing", "relaxed"]
    assert litmus.words(made, relaxed).endswith("cannot show on x86_64")
    assert relaxed.below == pytest.approx(3 / 600_000)
    arm = Run(made.path, {}, {"machine": {"arch": "aarch64"}}, made.records, [])
    assert litmus.words(arm, relaxed) == "0 of 6e+05 rounds"
    assert litmus.words(made, told["store_buffering", "fences"]).endswith("forbidden")
    found = told["store_buffering", "release_acquire"]
    assert found.at and found.at.value == pytest.approx(0.1, rel=0.05) and found.weak > 50_000


def test_the_bits_a_pause_needs_are_the_literatures(made: Run, tmp_path: Path) -> None:
    assert aba_values.bits_needed(50e6, 1) == 26
    assert 2**25 < 50e6 < 2**26  # 25 go round, 26 do not
    assert aba_values.years_to_wrap(50e6, 64) > 10_000
    (drawn,) = aba.draw(made, tmp_path)
    assert "·10⁶ updates/s" in drawn.caption and "64 bits last 2," in drawn.caption
    found = rows(tmp_path, "aba")
    costs = {int(r["counter_bits"]): float(r["value"]) for r in found if r["panel"].startswith("a pop")}  # fmt: skip
    for bits, more in synthetic_memory.COUNTED_NS.items():
        assert costs[bits] == pytest.approx(more, abs=0.02)
    broken = {int(r["counter_bits"]): int(r["storms_corrupted"]) for r in found if r["panel"].startswith("broken")}  # fmt: skip
    assert broken[0] > 0 and broken[16] == broken[64] == 0


def test_the_price_of_a_hop_and_the_children_that_die_are_found(made: Run, tmp_path: Path) -> None:
    (drawn,) = offset_pointers.draw(made, tmp_path)
    found = rows(tmp_path, "offset_pointers")
    hops = [r for r in found if r["pointers"] == "offset64" and r["value"]]
    assert len(hops) == 2
    for row in hops:
        assert float(row["value"]) == pytest.approx(0.2, abs=0.01)
    came = {(r["pointers"], r["left"]): r for r in found if r["panel"] == "children"}
    assert came["raw", "elsewhere"]["faults"] == came["raw", "elsewhere"]["trials"] == "96"
    assert came["raw", "occupied"]["wrong"] == came["offset32", "occupied"]["right"] == "96"


def test_a_copy_saved_is_found_where_messages_are_large(made: Run, tmp_path: Path) -> None:
    (drawn,) = remapping.draw(made, tmp_path)
    found = {(r["mechanism"], r["message_bytes"]): r for r in rows(tmp_path, "remapping")}
    small, large = (float(found["vmsplice in place", s]["over_pipe"]) for s in ("4096", "262144"))
    assert small > 1.4 and large == pytest.approx(0.555, rel=0.1)
    assert not found["pipe", "4096"]["over_pipe"] and "control fifo / pipe" in drawn.caption


@pytest.mark.parametrize(
    ("at", "words"),
    [(Interval(1.0, 0.99, 1.01, 0.97, 6), "no effect"),
     (Interval(1.2, 1.1, 1.3, 0.97, 6), "AN EFFECT WHERE THERE CAN BE NONE"),
     (Interval(1.0, 0.7, 1.3, 0.97, 6), "too wide to tell"),
     (Interval(1.2, None, None, None, 5), "too few launches")],
)  # fmt: skip
def test_a_control_that_shows_something_is_shouted(at: Interval, words: str) -> None:
    assert words in paired_values.null_words(at, "x / x")
