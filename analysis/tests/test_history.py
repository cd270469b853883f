"""The history: idempotent, safe with two writers, rebuildable, and never overwritten silently."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import history
import history_db
import history_import
import history_nights
import synthetic_nights
from synthetic_nights import Place, launches, names, run_folder

ANALYSIS = Path(history.__file__).parent
SERIES = names(6)


@pytest.fixture()
def nights(tmp_path: Path) -> list[Path]:
    rng = np.random.default_rng(1)
    return [run_folder(tmp_path / f"n{i}", launches(rng, SERIES), i) for i in range(3)]


def run(*arguments: object, history_file: Path) -> int:
    command, *rest = map(str, arguments)
    return history.main([command, *rest, "--history", str(history_file)])


def dump(file: Path) -> list[str]:
    """Everything but the folders' places."""
    connection = sqlite3.connect(file)
    connection.execute("UPDATE run SET folder = ''")
    lines = sorted(connection.iterdump())
    connection.rollback()
    connection.close()
    return lines


def test_import_keeps_a_row_a_launch_and_metric(nights: list[Path], tmp_path: Path) -> None:
    file = tmp_path / "h.sqlite"
    assert run("import", *nights, history_file=file) == 0
    connection = history_db.connect(file)
    assert connection.execute("SELECT count(*) FROM launch").fetchone()[0] == 3 * 6 * 10
    loaded = history_nights.load(connection, history_nights.runs(connection))
    assert loaded.median.shape == (6, 3) and not np.isnan(loaded.median).any()
    assert np.all((loaded.lo <= loaded.median) & (loaded.median <= loaded.hi))
    assert loaded.level_ns[0, 0] == pytest.approx(119.25)


def test_import_is_idempotent(
    nights: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    file = tmp_path / "h.sqlite"
    run("import", *nights, history_file=file)
    before = dump(file)
    assert run("import", *nights, history_file=file) == 0
    assert dump(file) == before and capsys.readouterr().out.count("is in the history") == 3


def test_a_rebuilt_history_is_the_same(nights: list[Path], tmp_path: Path) -> None:
    file = tmp_path / "h.sqlite"
    run("import", *nights, history_file=file)
    assert run("mark", "n1", "excluded", "fan broke", history_file=file) == 0
    kept = dump(file)
    assert run("import", "--rebuild", *reversed(nights), history_file=file) == 0
    assert dump(file) == kept and "fan broke" in "".join(kept)


def test_two_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    rng, file = np.random.default_rng(2), tmp_path / "h.sqlite"
    folders = [run_folder(tmp_path / f"n{i}", launches(rng, SERIES), i) for i in range(8)]
    command = [sys.executable, str(ANALYSIS / "history.py"), "import", "--history", str(file)]
    writers = [
        subprocess.Popen([*command, *map(str, part)], stdout=subprocess.DEVNULL)
        for part in (folders[:5], folders[3:])
    ]
    assert [writer.wait() for writer in writers] == [0, 0]
    connection = history_db.connect(file)
    assert len(history_nights.runs(connection)) == 8
    assert connection.execute("SELECT count(*) FROM launch").fetchone()[0] == 8 * 6 * 10


def test_a_killed_import_leaves_whole_nights_and_the_next_is_right(tmp_path: Path) -> None:
    """SIGKILL at random points: whatever was stored is whole, and importing again completes it."""
    rng, chance = np.random.default_rng(3), random.Random(4)
    folders = [run_folder(tmp_path / f"n{i}", launches(rng, names(60)), i) for i in range(4)]
    whole = tmp_path / "whole.sqlite"
    run("import", *folders, history_file=whole)
    command = [
        sys.executable,
        str(ANALYSIS / "history.py"),
        "import",
        *map(str, folders),
        "--history",
    ]
    began = time.monotonic()
    subprocess.run(
        [*command, str(tmp_path / "timed.sqlite")], stdout=subprocess.DEVNULL, check=True
    )
    takes = time.monotonic() - began
    for attempt in range(6):
        file = tmp_path / f"killed{attempt}.sqlite"
        writer = subprocess.Popen([*command, str(file)], stdout=subprocess.DEVNULL)
        time.sleep(takes * chance.uniform(0.2, 1.0))
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        if file.exists() and file.stat().st_size:
            stored = history_db.connect(file)
            counts = stored.execute("SELECT count(*) FROM launch GROUP BY run").fetchall()
            assert set(counts) <= {(600,)} and len(counts) == len(history_nights.runs(stored))
            stored.close()
        assert run("import", *folders, history_file=file) == 0
        assert dump(file) == dump(whole)


def refused(capsys: pytest.CaptureFixture, *arguments: object, file: Path) -> str:
    assert run(*arguments, history_file=file) == 3
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    return said[0]


@pytest.mark.parametrize("at", [0, 30, 5000, 20000])
def test_a_damaged_file_is_said_and_kept(
    nights: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture, at: int
) -> None:
    file = tmp_path / "h.sqlite"
    run("import", *nights, history_file=file)
    with file.open("r+b") as raw:
        raw.seek(at)
        raw.write(os.urandom(3000))
    broken = file.read_bytes()
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    said = refused(capsys, "import", *nights, file=file)
    assert "h.sqlite" in said and ("HISTORY_DAMAGED" in said or "not a history" in said)
    assert file.read_bytes() == broken
    assert run("import", "--rebuild", *nights, history_file=file) == 0
    assert len(history_nights.runs(history_db.connect(file))) == 3
    assert (tmp_path / "h.sqlite.damaged-1").read_bytes() == broken


def test_a_strange_database_and_an_unknown_schema_are_refused(
    nights: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    file = tmp_path / "other.sqlite"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE precious (x)")
    connection.commit()
    assert "not a history of ipcmark" in refused(capsys, "import", *nights, file=file)
    newer = tmp_path / "newer.sqlite"
    run("import", nights[0], history_file=newer)
    sqlite3.connect(newer).execute("PRAGMA user_version = 9")
    assert "schema 9 is unknown, this reads 1" in refused(capsys, "list", file=newer)


def test_a_duplicate_run_is_refused_and_may_have_another_name(
    nights: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    file, rng = tmp_path / "h.sqlite", np.random.default_rng(9)
    run("import", nights[0], history_file=file)
    capsys.readouterr()
    other = run_folder(tmp_path / "elsewhere" / "n0", launches(rng, SERIES), 1)
    said = refused(capsys, "import", other, file=file)
    assert said.startswith("DUPLICATE_RUN") and "n0" in said and "--as NAME" in said
    assert run("import", other, "--as", "n0-again", history_file=file) == 0
    assert {r.name for r in history_nights.runs(history_db.connect(file))} == {"n0", "n0-again"}


@pytest.mark.parametrize(
    "change, said",
    [
        ({"finished_unix_ns": 5}, "before it began"),
        ({"started_unix_ns": 4 * 10**18, "finished_unix_ns": 4 * 10**18 + 1}, "and now is"),
        (
            {"started_unix_ns": synthetic_nights.BEGAN_NS - synthetic_nights.DAY_NS},
            "in the same boot",
        ),
    ],
)
def test_a_clock_set_back_is_a_verdict(
    nights: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture, change: dict, said: str
) -> None:
    file, rng = tmp_path / "h.sqlite", np.random.default_rng(9)
    run("import", *nights, history_file=file)
    capsys.readouterr()
    wrong = run_folder(tmp_path / "wrong", launches(rng, SERIES), 5, None, **change)
    text = refused(capsys, "import", wrong, file=file)
    assert text.startswith("CLOCK_SET_BACK") and said in text
    assert run("import", wrong, "--accept-clock", history_file=file) == 0


def test_what_is_no_complete_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    file, rng = tmp_path / "h.sqlite", np.random.default_rng(9)
    assert "not a run folder" in refused(capsys, "import", tmp_path / "none", file=file)
    partial = run_folder(tmp_path / "x", launches(rng, SERIES), 0, None, finished_unix_ns=None)
    assert "not complete" in refused(capsys, "import", partial, file=file)
    keyless = run_folder(tmp_path / "y", launches(rng, SERIES), 0, Place(epoch={"kernel": "6"}))
    assert "no epoch key" in refused(capsys, "import", keyless, file=file)
    assert "no history" in refused(capsys, "list", file=tmp_path / "absent.sqlite")
    assert "no such run" in refused(capsys, "mark", "typo", "noisy", file=file)


def test_epochs_are_listed_with_what_changed(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    file, rng = tmp_path / "h.sqlite", np.random.default_rng(9)
    newer = Place(epoch={**synthetic_nights.EPOCH, "key": "99", "kernel": "6.7"})
    folders = [run_folder(tmp_path / "a", launches(rng, SERIES), 0)]
    folders.append(run_folder(tmp_path / "b", launches(rng, SERIES), 1, newer))
    run("import", *folders, history_file=file)
    capsys.readouterr()
    assert run("list", "epochs", "--json", history_file=file) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["from"] for row in rows] == ["a", "b"]
    assert rows[1]["changed"] == "kernel: 6.1.0-synthetic -> 6.7"


def test_exports_hold_every_night(nights: list[Path], tmp_path: Path) -> None:
    file = tmp_path / "h.sqlite"
    run("import", *nights, history_file=file)
    assert run("export", "csv", "-o", tmp_path / "all.csv", history_file=file) == 0
    rows = list(csv.DictReader((tmp_path / "all.csv").open()))
    assert len(rows) == 18 and float(rows[0]["lo"]) <= float(rows[0]["median"]) <= float(
        rows[0]["hi"]
    )


def test_otava_finds_the_columns_that_its_configuration_names(
    nights: list[Path], tmp_path: Path
) -> None:
    """Otava's csv importer: time_column, attributes and metric columns must be in the file, numbers as floats."""
    yaml = pytest.importorskip("yaml")
    file, out = tmp_path / "h.sqlite", tmp_path / "otava"
    run("import", *nights, history_file=file)
    assert run("export", "otava", "-o", out, history_file=file) == 0
    tests = yaml.safe_load((out / "otava.yaml").read_text())["tests"]
    assert len(tests) == 6
    for test in tests.values():
        assert test["type"] == "csv" and test["csv_options"]["delimiter"] == ","
        rows = list(csv.DictReader((out / test["file"]).open()))
        wanted = {
            test["time_column"],
            *test["attributes"],
            *(m["column"] for m in test["metrics"].values()),
        }
        assert len(rows) == 3 and wanted <= set(rows[0])
        for metric in test["metrics"].values():
            assert metric["direction"] == -1 and all(
                float(row[metric["column"]]) > 0 for row in rows
            )


def test_prune_keeps_the_medians_of_old_nights(nights: list[Path], tmp_path: Path) -> None:
    file = tmp_path / "h.sqlite"
    run("import", *nights, history_file=file)
    assert run("prune", "--keep-nights", 1, history_file=file) == 0
    connection = history_db.connect(file)
    count = lambda table: connection.execute(f"SELECT count(DISTINCT run) FROM {table}").fetchone()[
        0
    ]  # noqa: E731
    assert (count("launch"), count("night")) == (1, 3)
    assert run("prune", "--keep-nights", 1, "--medians-too", history_file=file) == 0
    assert [r.name for r in history_nights.runs(connection)] == ["n2"]


def test_papers_that_come_later_are_taken_in(nights: list[Path], tmp_path: Path) -> None:
    """The summary with T is written after the import."""
    file = tmp_path / "h.sqlite"
    run("import", *nights, history_file=file)
    row = {
        "queue": "pipe",
        "metric": "p50",
        "status": "ok",
        "T_bytes": 5800,
        "lo": 5000,
        "hi": "inf",
    }
    (nights[0] / "summary.json").write_text(json.dumps({"crossover": [row]}))
    run("import", nights[0], history_file=file)
    stored = history_db.connect(file).execute("SELECT queue, T_bytes, hi FROM crossover").fetchall()
    assert stored == [("pipe", 5800.0, float("inf"))]
    (nights[1] / "gate.json").write_text("[]")
    with pytest.raises(history_db.HistoryError, match="not an object"):
        history_import.add(history_db.connect(file), nights[1])
