"""The effects of the machine: what is planted is found, what is not there is not, and the two are told apart."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

import false_sharing
import records
import shootdown_model
import shootdown_panels
import steps
import tlb_shootdown
from histogram import Histogram

GOLDEN = Path(__file__).parents[2] / "results" / "reference" / "golden"


def planted(folder: Path, experiment: str, lines: list[dict]) -> records.Run:
    """A run of these records beside the golden papers."""
    folder.mkdir()
    (folder / f"{experiment}.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    for paper in ("manifest.json", "environment.json"):
        (folder / paper).write_text((GOLDEN / paper).read_text())
    return records.load(folder)


def golden_lines(experiment: str) -> list[dict]:
    return [json.loads(l) for l in (GOLDEN / f"{experiment}.jsonl").read_text().splitlines()]


def sweep(knee: int, operation: str, share: float) -> list[dict]:
    """Six launches of a sweep, made of a golden record: `share` of the time alone is added below the knee."""
    base = next(l for l in golden_lines("false_sharing") if l["case"]["structure"] == "words")
    found = []
    for launch in range(6):
        for rung, distance in enumerate((0, 8, 32, 56, 64, 72, 120, 128, 256)):
            solo = [60 + 0.01 * i + 0.1 * launch for i in range(8)]
            more = 1 + (share if distance < knee else 0)
            line = json.loads(json.dumps(base))
            line |= {"launch_id": f"b{launch:03d}-{operation}", "launch_order": launch, "block": launch, "rung": rung,
                     "status": "ok", "reason": "", "rounds": {"solo_ns": solo, "ns": [v * more for v in solo]}}  # fmt: skip
            line["case"] |= {"distance_bytes": distance, "operation": operation}
            found.append(line)
    return found


@pytest.mark.parametrize("knee, verdict", [(64, "equal"), (128, "NOT equal")])
def test_the_knee_is_found_and_compared_with_the_line_size(
    knee: int, verdict: str, tmp_path: Path
) -> None:
    run = planted(
        tmp_path / "run",
        "false_sharing",
        sweep(knee, "fenced_store", 0.9) + sweep(knee, "store", 0.001),
    )
    (drawn,) = false_sharing.draw(run, tmp_path / "figures")
    assert (
        f"ends at {knee} B on 1 of 1 lines (coherency_line_size 64 B: {verdict})" in drawn.caption
    )
    assert "no effect at any distance (below 2%): store" in drawn.caption
    with (tmp_path / "figures" / "false_sharing.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {float(r["knee_bytes"]) for r in rows if r["operation"] == "fenced_store"} == {knee}
    assert {r["knee_bytes"] for r in rows if r["operation"] == "store"} == {""}


def test_a_fall_is_between_two_levels_or_there_is_none() -> None:
    xs = [0, 8, 56, 64, 128, 256]
    found = steps.fall(xs, [30, 32, 29, 0.1, -0.2, 0.0], least=1)
    assert found and (found.last, found.first) == (56, 64)
    assert steps.fall(xs, [0.2, -0.1, 0.3, 0.1, -0.2, 0.0], least=1) is None
    assert steps.fall(xs, [0, 0, 0, 30, 30, 30], least=1) is None  # a rise is no fall


def test_the_ceiling_is_where_a_rising_curve_falls() -> None:
    pages = [1, 2, 4, 8, 16, 20, 21, 33, 34, 64]
    rising = [5000 + 40 * p for p in pages]
    assert steps.drop(pages, rising) is None
    flushed = [ns if p <= 20 else 5100 for p, ns in zip(pages, rising)]
    found = steps.drop(pages, flushed)
    assert found and (found.last, found.first) == (20, 21)


def test_deliveries_are_expected_as_the_kernel_promises() -> None:
    case = {"victim": "spin", "mappings": 4, "roles": "process"}
    expected = lambda **more: shootdown_model.expected({**case, **more})  # noqa: E731
    assert expected(trigger="punch_hole") == (4, 4)
    assert expected(trigger="own_mapping") == (0, 0)
    assert expected(trigger="own_mapping", roles="thread") == (1, 1)
    assert expected(trigger="membarrier") == (0, 1)
    assert expected(trigger="punch_untouched") == (0, 0)
    assert expected(trigger="punch_hole", victim="asleep") == (None, None)


def _traffic(pattern: str) -> list[dict[str, Any]]:
    lines = [l for l in golden_lines("tlb_shootdown") if l["case"]["victim"] == "traffic"]
    return [l for l in lines if l["status"] == "ok" and l["case"].get("pattern", "ping") == pattern]


def test_throughput_is_said_before_from_the_triggers_own_time() -> None:
    for line in _traffic("ping"):
        record = records.Record(line, "here")
        alone, message = record.histogram("trigger_ns"), 500.0
        more = 0.01 * alone.total / alone.count
        line["rounds"] = {"solo_ns": [message] * 8, "events_per_message": [0.01] * 8, "events_per_s": [1e4] * 8,
                          "ns": [message + more] * 8}  # fmt: skip
        assert shootdown_model.measured(record) == pytest.approx(shootdown_model.predicted(record))
    assert _traffic("ping")


@pytest.mark.parametrize(
    ("family", "bottleneck", "depth", "lost"),
    [
        ("pipe", "producer", 16, 20_000),  # its own call: nobody fills in for it
        ("pipe", "consumer", 16, 12_000),  # the call, less what the queue still holds: 16 at 500 ns
        ("shared_memory", "consumer", 16, 13_500),  # of a ring 13: room comes by four
        ("shared_memory", "consumer", 4, 18_000),
        ("pipe", "consumer", 1024, 9000),  # its own stall: the queue hides the call
    ],
)
def test_a_stream_loses_what_its_stages_cannot_hide(
    family: str, bottleneck: str, depth: int, lost: int
) -> None:
    line = _traffic("pour")[0] | {"transport_family": family}
    line["case"] |= {"bottleneck": bottleneck, "depth": depth}
    line["histograms"] |= {"trigger_ns": Histogram.of([20_000] * 99).encode(), "stall_ns": Histogram.of([9000] * 99).encode()}  # fmt: skip
    line["rounds"] = {"solo_ns": [500.0] * 8, "events_per_message": [0.01] * 8, "events_per_s": [1e4] * 8,
                      "ns": [500 + 0.01 * lost] * 8}  # fmt: skip
    record = records.Record(line, "here")
    assert shootdown_model.stream_loss(record) == pytest.approx(lost, rel=0.02)
    assert shootdown_model.measured_loss(record) == pytest.approx(lost)


def test_a_kernel_that_hides_its_ceiling_is_named_with_what_would_show_it(tmp_path: Path) -> None:
    run = planted(tmp_path / "run", "tlb_shootdown", golden_lines("tlb_shootdown"))
    run.environment["facts"]["tlb_single_page_flush_ceiling"] = None
    known, words = shootdown_panels.ceiling_of(run)
    assert known == 33 and "mount -t debugfs" in words
    run.environment["facts"]["tlb_single_page_flush_ceiling"] = "20"
    assert shootdown_panels.ceiling_of(run)[0] == 20
    assert {d.name for d in tlb_shootdown.draw(run, tmp_path)} >= {
        "tlb_shootdown",
        "tlb_shootdown_traffic",
    }
