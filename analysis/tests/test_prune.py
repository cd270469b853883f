"""Pruning removes old runs and nothing else, and can be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import prune

NOW_S = 1_800_000_000.0


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Ten nights, one a day, the last of them today, and what else lies beside them."""
    for days in range(10):
        night(tmp_path, f"night-{days}", days)
    (tmp_path / "history.sqlite").write_text("x")
    (tmp_path / "baseline").mkdir()
    (tmp_path / "reference").mkdir()
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "manifest.json").write_text("{}")
    (tmp_path / "latest").symlink_to("night-9")
    return tmp_path


def night(results: Path, name: str, days: float) -> Path:
    folder = results / name
    folder.mkdir()
    began = int((NOW_S - days * prune.DAY_S) * 1e9)
    manifest = {"schema": 1, "run": name, "started_unix_ns": began}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    for path in (folder / "manifest.json", folder):
        os.utime(path, (began / 1e9, began / 1e9))
    return folder


def left(results: Path) -> set[str]:
    return {p.name for p in results.iterdir()}


OTHERS = {"history.sqlite", "baseline", "reference", "notes", "latest"}


@pytest.mark.parametrize(
    "limits, kept",
    [(["--keep", "3"], 3), (["--days", "5"], 6), (["--keep", "3", "--days", "1"], 2), (["--keep", "99"], 10)],
)  # fmt: skip
def test_the_newest_stay_and_what_is_no_run_is_not_touched(
    limits: list[str], kept: int, results: Path
) -> None:
    assert prune.main([str(results), *limits], NOW_S) == 0
    assert left(results) == {f"night-{d}" for d in range(kept)} | OTHERS


def test_the_newest_run_survives_any_age(results: Path) -> None:
    assert prune.main([str(results), "--days", "1"], NOW_S + 900 * prune.DAY_S) == 0
    assert left(results) == {"night-0"} | OTHERS


def test_a_run_that_is_to_be_kept_is(results: Path) -> None:
    (results / "night-8" / "keep").touch()
    assert prune.main([str(results), "--keep", "1"], NOW_S) == 0
    assert left(results) == {"night-0", "night-8"} | OTHERS


def test_a_stopped_run_goes_by_age_but_never_within_a_week_of_its_last_line(results: Path) -> None:
    for days in (2, 30):
        night(results, f"stopped-{days}.partial", days)
    resumed = night(results, "resumed.partial", 30)
    (resumed / "latency.jsonl").touch()
    os.utime(resumed / "latency.jsonl", (NOW_S, NOW_S))
    assert prune.main([str(results), "--keep", "1", "--days", "1"], NOW_S) == 0
    assert left(results) == {"night-0", "stopped-2.partial", "resumed.partial"} | OTHERS


def test_a_dry_run_says_what_would_go_and_removes_nothing(
    results: Path, capsys: pytest.CaptureFixture
) -> None:
    before = left(results)
    assert prune.main([str(results), "--keep", "8", "--dry-run"], NOW_S) == 0
    assert left(results) == before
    said = capsys.readouterr().out.splitlines()
    assert said == [f"{results}/night-{d}: would be removed" for d in (8, 9)]


def test_what_a_killed_call_left_half_removed_goes_with_the_next(results: Path) -> None:
    night(results, f".night-77{prune.GOING}", 77)
    assert prune.main([str(results), "--keep", "10"], NOW_S) == 0
    assert left(results) == {f"night-{d}" for d in range(10)} | OTHERS


@pytest.mark.parametrize("limits", [[], ["--keep", "0"], ["--keep", "-1"], ["--days", "soon"]])
def test_bad_limits_remove_nothing_and_exit_2(limits: list[str], results: Path) -> None:
    before = left(results)
    with pytest.raises(SystemExit) as caught:
        prune.main([str(results), *limits], NOW_S)
    assert caught.value.code == 2 and left(results) == before


def test_no_folder_is_one_line_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert prune.main([str(tmp_path / "none"), "--keep", "1"], NOW_S) == 2
    assert capsys.readouterr().err == f"prune.py: {tmp_path}/none: No such file or directory\n"


def test_a_reader_that_has_gone_ends_a_script_without_a_traceback(results: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    argv = [sys.executable, prune.__file__, str(results), "--keep", "1", "--dry-run"]
    done = subprocess.run(argv, stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert done.returncode == -signal.SIGPIPE and done.stderr == b""
