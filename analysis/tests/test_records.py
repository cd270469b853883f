"""Reading a run: golden lines, and what bad ones cost."""

from __future__ import annotations

import gzip
import json
import math
import shutil
from pathlib import Path

import pytest

import compare
import record_files
import records
import report
from history_import import fingerprint
from records import RecordsError, by_launch, case_key, cases, load, metric_key


@pytest.fixture
def copy(run_dir: Path, tmp_path: Path) -> Path:
    """A run whose latency file a test may spoil: a few lines, that are good."""
    shutil.copy(run_dir / "manifest.json", tmp_path)
    shutil.copy(run_dir / "environment.json", tmp_path)
    lines = (run_dir / "latency.jsonl").read_text().splitlines()
    lines = [line for line in lines if json.loads(line)["status"] == "ok"][:20]
    (tmp_path / "latency.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path


def append(folder: Path, text: str) -> None:
    with (folder / "latency.jsonl").open("a") as file:
        file.write(text)


def test_a_whole_run_is_read_without_a_warning(run: records.Run) -> None:
    assert not run.warnings
    assert len(run.records) == run.manifest["cases_planned"]
    status = [r.status for r in run.records]
    assert all(status.count(s) == run.manifest[f"cases_{s}"] for s in ("ok", "skipped", "failed"))


def test_a_launch_that_was_run_again_is_counted_but_makes_no_number(copy: Path) -> None:
    again = [json.loads(line) for line in (copy / "latency.jsonl").read_text().splitlines()]
    first = again[0]["launch_id"]
    again = [r for r in again if r["launch_id"] == first]
    for raw in again:
        raw |= {"launch_id": "again", "supersedes": {"launch_id": first, "why": "off"}}
    append(copy, "".join(json.dumps(raw) + "\n" for raw in again))
    run = load(copy)
    old, new = (sum(r.launch_id == i for r in run.records) for i in (first, "again"))
    assert old == new == sum(r.superseded for r in run.records)
    assert {r.launch_id for r in run.of("latency")} >= {"again"}
    assert first not in {r.launch_id for r in run.of("latency")}


def test_a_launch_stays_when_what_should_replace_it_failed(copy: Path) -> None:
    raw = json.loads((copy / "latency.jsonl").read_text().splitlines()[0])
    superseded = {"launch_id": raw["launch_id"], "why": "moved"}
    raw |= {"launch_id": "again", "status": "failed", "supersedes": superseded}
    append(copy, json.dumps(raw) + "\n")
    assert superseded["launch_id"] in {r.launch_id for r in load(copy).of("latency")}


def test_a_record_says_what_its_line_says(run_dir: Path, run: records.Run) -> None:
    raw = json.loads((run_dir / "latency.jsonl").read_text().splitlines()[0])
    record = next(r for r in run.records if r.where.endswith("latency.jsonl:1"))
    windows = sorted(raw["windows"]["ns_per_message"])
    assert record.p50_ns == pytest.approx((windows[15] + windows[16]) / 2)
    assert record.cpu_ns_per_message == raw["windows"]["cpu_ns_per_message"]
    assert record.histogram().count == raw["histograms"]["round_trip_ns"]["count"]
    assert record.case == raw["case"] and record.metric == raw["metric"]


def test_skipped_records_have_no_numbers(run: records.Run) -> None:
    skipped = [r for r in run.records if r.status == "skipped"]
    assert skipped and all(math.isnan(r.p50_ns) and r.reason for r in skipped)


def test_a_truncated_last_line_costs_only_itself(copy: Path, capsys: pytest.CaptureFixture) -> None:
    append(copy, '{"schema": 1, "experiment": "late')
    assert len(load(copy).records) == 20
    assert "latency.jsonl:21: truncated last line" in capsys.readouterr().err


def pack(file: Path) -> Path:
    packed = Path(f"{file}.gz")
    packed.write_bytes(gzip.compress(file.read_bytes(), 4, mtime=0))
    file.unlink()
    return packed


def test_packed_records_are_the_same_records(copy: Path) -> None:
    plain = load(copy)
    size = (copy / "latency.jsonl").stat().st_size
    mark = fingerprint(copy)
    packed = pack(copy / "latency.jsonl")
    again = load(copy)
    assert [r.raw for r in again.records] == [r.raw for r in plain.records] and not again.warnings
    assert record_files.plain_bytes(packed) == size and fingerprint(copy) == mark


def test_of_a_file_that_is_there_packed_and_plain_one_is_read(copy: Path) -> None:
    shutil.copy(copy / "latency.jsonl", copy / "kept")
    pack(copy / "latency.jsonl")
    (copy / "kept").rename(copy / "latency.jsonl")
    assert len(load(copy).records) == 20


def test_a_packed_file_that_is_cut_keeps_what_comes_before(copy: Path) -> None:
    packed = pack(copy / "latency.jsonl")
    packed.write_bytes(packed.read_bytes()[: packed.stat().st_size // 2])
    run = load(copy)
    assert 0 < len(run.records) < 20
    assert f"latency.jsonl.gz:{len(run.records) + 1}: damaged gzip" in run.warnings[0]


def test_what_is_not_packed_is_named(copy: Path) -> None:
    (copy / "load.jsonl.gz").write_text("plain\n")
    run = load(copy)
    assert len(run.records) == 20 and "load.jsonl.gz: not as gzip packed it" in run.warnings[0]


@pytest.mark.parametrize(
    "line", ["not json", "[1, 2]", '{"a": 1}', '{"schema": 1}', "\x00\xff", '"text"', "null"]
)
def test_a_corrupt_line_is_named_and_left_out(copy: Path, line: str) -> None:
    append(copy, line + "\n")
    run = load(copy)
    assert len(run.records) == 20
    assert len(run.warnings) == 1 and "latency.jsonl:21: " in run.warnings[0]


def test_a_field_of_the_wrong_type_is_named(copy: Path) -> None:
    raw = json.loads((copy / "latency.jsonl").read_text().splitlines()[0])
    append(copy, json.dumps(raw | {"block": "three"}) + "\n")
    assert "`block`" in load(copy).warnings[0]


def test_a_histogram_that_contradicts_itself_is_named(copy: Path) -> None:
    raw = json.loads((copy / "latency.jsonl").read_text().splitlines()[0])
    raw["histograms"]["round_trip_ns"]["count"] += 1
    append(copy, json.dumps(raw) + "\n")
    assert "latency.jsonl:21: histogram `round_trip_ns`" in load(copy).warnings[0]


def test_a_line_of_unknown_schema_is_named_and_left_out(copy: Path) -> None:
    raw = json.loads((copy / "latency.jsonl").read_text().splitlines()[0])
    append(copy, json.dumps(raw | {"schema": 2}) + "\n")
    run = load(copy)
    assert "latency.jsonl:21: schema 2 is unknown" in run.warnings[0]
    assert len(run.of("latency")) == 20


def test_a_line_too_deep_to_parse_is_named_and_left_out(copy: Path) -> None:
    append(copy, "[" * 100_000 + "\n")
    assert "latency.jsonl:21" in load(copy).warnings[0]


def test_many_foreign_lines_are_counted_not_listed(copy: Path) -> None:
    append(copy, "foreign\n" * 100)
    warnings = load(copy).warnings
    assert len(warnings) == records.MAX_WARNINGS_PER_FILE + 1 and "95 more" in warnings[-1]


@pytest.mark.parametrize("content", [None, "{", "[]"])
def test_a_missing_or_broken_manifest_costs_its_facts(copy: Path, content: str | None) -> None:
    (copy / "manifest.json").unlink()
    if content is not None:
        (copy / "manifest.json").write_text(content)
    run = load(copy)
    assert run.manifest == {} and "manifest.json" in run.warnings[0] and len(run.records) == 20


def leave_out_axes(folder: Path) -> int:
    """As a run writes them: without the axes at their neutral values. How many records."""
    lines = [json.loads(line) for line in (folder / "latency.jsonl").read_text().splitlines()]
    for raw in lines:
        neutral = [k for k, v in raw["case"].items() if v in (0, "inf", "none")]
        raw["case"] = {k: v for k, v in raw["case"].items() if k not in neutral}
    text = "".join(json.dumps(raw) + "\n" for raw in lines)
    (folder / "latency.jsonl").write_text(text)
    (folder / "throughput.jsonl").write_text(text)
    return 2 * len(lines)


@pytest.mark.parametrize(
    "content, why",
    [(None, "No such file or directory"), ("{}", "no `neutral` in it"), ('{"run": "x", ', "not JSON")],
)  # fmt: skip
def test_axes_that_only_a_lost_manifest_knows_are_one_line(
    copy: Path, capsys: pytest.CaptureFixture, content: str | None, why: str
) -> None:
    count = leave_out_axes(copy)
    (copy / "manifest.json").unlink()
    if content is not None:
        (copy / "manifest.json").write_text(content)
    for script in (report.main, compare_with_itself):
        assert script([str(copy)]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1 and f"{copy / 'manifest.json'}: {why}" in said
        assert f"{count} records leave out" in said and "put the run's own back" in said


def compare_with_itself(argv: list[str]) -> int:
    return compare.main(argv * 2)


def test_records_that_need_no_manifest_are_kept_when_it_is_lost(copy: Path) -> None:
    lines = (copy / "latency.jsonl").read_text()
    count = leave_out_axes(copy)
    (copy / "manifest.json").unlink()
    (copy / "whole.jsonl").write_text(lines)
    run = load(copy)
    assert len(run.records) == 20 and len(run.warnings) == 2
    assert f"{count} records leave out" in run.warnings[-1]


def test_a_run_with_injected_faults_is_refused(copy: Path) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["plan"]["inject"] = ["server:measure:lost"]
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(RecordsError, match="injected into this run"):
        load(copy)


def test_a_record_of_an_injected_fault_is_never_mixed_with_others(copy: Path) -> None:
    raw = json.loads((copy / "latency.jsonl").read_text().splitlines()[0])
    raw["injected"] = {"fault": "server:measure:lost", "ended_after_ns": 1}
    append(copy, json.dumps(raw) + "\n")
    assert "fault was injected" in load(copy).warnings[0]


def test_what_is_no_run_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="not a run folder"):
        load(tmp_path / "nothing")
    with pytest.raises(RecordsError, match="no records"):
        load(tmp_path)


def test_cases_hold_equal_cases_and_metrics_only(run: records.Run) -> None:
    for members in cases(run.of("latency")).values():
        assert len({(case_key(r), metric_key(r)) for r in members}) == 1
        assert [r.launch_order for r in members] == sorted(r.launch_order for r in members)


def test_a_launch_counts_once(run: records.Run) -> None:
    members = next(iter(cases(run.of("latency")).values()))
    assert len(by_launch(members * 3, lambda r: r.p50_ns)) == len(members)


@pytest.mark.parametrize(
    "field, value",
    [("case", {"transport": "pipe"}), ("values", {"slots": "many"}), ("roles", [3]),
     ("windows", {"ns_per_message": [1, None]}), ("canary", {"before_ns": "fast"}),
     ("status", "fine"), ("messages", float("nan"))],
)  # fmt: skip
def test_what_the_analysis_relies_on_is_checked(copy: Path, field: str, value: object) -> None:
    raw = json.loads((copy / "latency.jsonl").read_text().splitlines()[0])
    append(copy, json.dumps(raw | {field: value}) + "\n")
    run = load(copy)
    assert len(run.records) == 20 and f"latency.jsonl:21: field `{field}`" in run.warnings[0]
