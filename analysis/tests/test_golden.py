"""The golden records, lines of a real run: read without a word, drawn by every figure, and twice the same bytes."""

from __future__ import annotations

import importlib
import json
import math
from pathlib import Path

import pytest

import records
import report

GOLDEN = Path(__file__).parents[2] / "results" / "reference" / "golden"
EXPERIMENTS = {"latency", "throughput", "batching", "timeout", "crossover", "instrument"}
EXPERIMENTS |= {"counters", "system_calls", "life_cycle", "load", "mixture", "handoff", "priority"}
EXPERIMENTS |= {"window", "hol_blocking", "fan"}
EXPERIMENTS |= {"false_sharing", "tlb_shootdown"}
EXPERIMENTS |= {"memory_order", "aba", "offset_pointers", "remapping"}


@pytest.fixture(scope="module")
def golden() -> records.Run:
    return records.load(GOLDEN)


def test_every_line_is_read_without_a_warning(
    golden: records.Run, capsys: pytest.CaptureFixture
) -> None:
    written = sum(len(f.read_text().splitlines()) for f in GOLDEN.glob("*.jsonl"))
    assert len(golden.records) == written and not golden.warnings
    assert {r.experiment for r in golden.records} == EXPERIMENTS
    assert {r.status for r in golden.records} == {"ok", "skipped"}


def test_every_usable_record_has_the_numbers_its_line_has(golden: records.Run) -> None:
    for record in (r for r in golden.records if r.ok):
        if record.experiment == "system_calls":  # who is watched is not timed
            assert "system_calls_per_message" in record.values, record.where
            assert math.isnan(record.p50_ns) and not record.raw["histograms"], record.where
        elif record.experiment == "counters":
            assert record.values["voluntary_switches_per_message"] > 0, record.where
            assert math.isnan(record.p50_ns), record.where
        elif record.case["pattern"] == "deal":  # counted, and timed only where clocks can tell
            assert record.values["delivered"] > 0, record.where
        else:
            assert record.p50_ns > 0, record.where
        lost = record.case["pattern"] == "detect"  # a server that was killed tells no CPU time
        if record.experiment not in ("system_calls", "life_cycle") and not lost:
            assert record.cpu_ns_per_message > 0, record.where
        for name, histogram in record.raw["histograms"].items():
            assert record.histogram(name).count == histogram["count"], record.where


def test_it_stays_small() -> None:
    assert sum(f.stat().st_size for f in GOLDEN.iterdir()) < 700_000


@pytest.mark.parametrize("name", report.FIGURES)
def test_a_figure_of_it_is_drawn_and_repeats_byte_for_byte(name: str, tmp_path: Path) -> None:
    made = []
    for folder in ("a", "b"):  # loaded anew: nothing is shared between the two
        drawn = importlib.import_module(name).draw(records.load(GOLDEN), tmp_path / folder)
        assert drawn, "there are records for every figure"
        made.append([d.name for d in drawn])
    assert made[0] == made[1]
    for ending in ("svg", "csv"):
        for one in made[0]:
            first, second = (tmp_path / f / f"{one}.{ending}" for f in ("a", "b"))
            assert first.read_bytes() == second.read_bytes()


def test_its_schema_is_the_one_the_reader_knows() -> None:
    manifest = json.loads((GOLDEN / "manifest.json").read_text())
    assert manifest["schema"] == records.SCHEMA
