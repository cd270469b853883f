"""The report: complete on a whole run, honest on a poor one, never broken by what is missing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import report
import synthetic
from conftest import Made


@pytest.fixture(scope="module")
def summary(made: Made) -> dict:
    return json.loads((made.folder / "summary.json").read_text())


def test_the_page_needs_nothing_from_outside(made: Made) -> None:
    text = (made.folder / "report.html").read_text()
    assert not re.findall(r'(?:src|href)="(?!#)[^"]*"|@import|url\((?!#)', text)
    assert text.count("<svg") >= 7 and "prefers-color-scheme: dark" in text


def test_ids_do_not_collide(made: Made) -> None:
    ids = re.findall(r'\bid="([^"]+)"', (made.folder / "report.html").read_text())
    assert len(ids) == len(set(ids))


def test_T_of_each_queue_is_found(summary: dict) -> None:
    found = {e["queue"]: e for e in summary["crossover"] if e["metric"] == "p50"}
    assert found["pipe"]["status"] == "ok"
    for queue in ("pipe", "unix_stream"):
        assert found[queue]["T_bytes"] == pytest.approx(synthetic.true_T(queue), rel=0.06)
        assert found[queue]["lo"] <= found[queue]["T_bytes"] <= found[queue]["hi"]
    assert found["posix_mq"]["status"] == "none" and found["posix_mq"]["winner"] == "queue"
    assert found["tcp"]["status"] == "several" and len(found["tcp"]["crossings"]) == 2


def test_none_and_several_are_said_in_words(made: Made, summary: dict) -> None:
    assert "never over posix_mq" in summary["verdict"]
    assert "in parts over tcp" in summary["verdict"]
    text = (made.folder / "report.html").read_text()
    assert "none: queue in range" in text and "several: " in text


def test_auto_is_blamed_where_it_is_worse_and_told_why(summary: dict) -> None:
    stream = [a for a in summary["auto"] if a["hybrid"] == "hybrid_unix_stream"]
    assert {5792, 8192} <= {a["message_bytes"] for a in stream}  # its threshold is 4096, T 15Ki
    assert all("sent through shm, queue is faster" in a["why"] for a in stream)
    assert not [a for a in summary["auto"] if a["hybrid"] == "hybrid_pipe"]  # T is near 4096


def test_what_was_skipped_and_what_failed_is_named(made: Made, summary: dict) -> None:
    text = (made.folder / "report.html").read_text()
    assert "mq_open: Invalid argument" in text and "killed by signal 9" in text
    assert summary["counts"]["failed"] == 1
    assert any(d["check"] == "failed" and d["remedy"] for d in summary["doubts"])


def test_latency_entries_are_the_schemas(summary: dict) -> None:
    entry = summary["latency"][0]
    keys = ["case", "metric", "median", "lo", "hi", "n", "p99", "cpu_ns_per_message"]
    assert list(entry) == keys and entry["lo"] <= entry["median"] <= entry["hi"]


def test_the_terminal_gets_numbers_first_and_doubts_after(made: Made) -> None:
    text = made.printed
    assert text.index("the best at each size") < text.index("\ndoubts") < text.index("report.html")
    assert text.rstrip().endswith("report.html")


@pytest.mark.parametrize("kept", ["latency", "crossover", "timeout"])
def test_missing_experiments_do_not_break_it(run_dir: Path, tmp_path: Path, kept: str) -> None:
    lines = (run_dir / f"{kept}.jsonl").read_text().splitlines(keepends=True)
    mine = [line for line in lines if '"pipe"' in line or '"hybrid_pipe"' in line]
    (tmp_path / f"{kept}.jsonl").write_text("".join(mine))
    assert report.main([str(tmp_path), "--quiet"]) == 0
    found = json.loads((tmp_path / "summary.json").read_text())
    assert not [d for d in found["doubts"] if d["check"] == "figure"]


def test_nothing_usable_is_still_a_report(run_dir: Path, tmp_path: Path) -> None:
    lines = [json.loads(x) for x in (run_dir / "latency.jsonl").read_text().splitlines()]
    bad = [x for x in lines if x["status"] != "ok"]
    (tmp_path / "latency.jsonl").write_text("".join(json.dumps(x) + "\n" for x in bad))
    assert report.main([str(tmp_path), "--quiet"]) == 0
    assert "nothing to judge" in (tmp_path / "report.html").read_text()


def test_no_run_is_one_line_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert report.main([str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_one_line_and_exit_2(
    run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    out = tmp_path / "file" / "out"
    assert report.main([str(run_dir), "-o", str(out)]) == 2
    said = capsys.readouterr().err
    assert said == f"report.py: {out}: cannot write there: Not a directory\n"
