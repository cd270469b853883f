"""The history's file among several writers: waited for, left whole, and never called damaged for being in use."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import history
import history_db
import history_import
import nightly_records
import synthetic_nights
from nightly_records import NightlyRun


@pytest.fixture()
def night(tmp_path: Path) -> Path:
    made = synthetic_nights.launches(np.random.default_rng(1), synthetic_nights.names(6))
    return synthetic_nights.run_folder(tmp_path / "n0", made, 0)


def test_a_run_that_another_writer_stores_meanwhile_is_found_there(
    night: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, load = tmp_path / "h.sqlite", nightly_records.load

    def overtaken(folder: Path) -> NightlyRun:
        monkeypatch.setattr(nightly_records, "load", load)
        with closing(history_db.connect(file)) as other:
            assert history_import.add(other, folder) == (1, True)
        return load(folder)

    monkeypatch.setattr(nightly_records, "load", overtaken)
    with closing(history_db.connect(file, create=True)) as connection:
        assert history_import.add(connection, night) == (1, False)


def test_an_import_leaves_everything_in_the_file_itself(night: Path, tmp_path: Path) -> None:
    file = tmp_path / "h.sqlite"
    assert history.main(["import", str(night), "--history", str(file)]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "h.sqlite",
        "n0",
    ]  # no log, no index of it


def test_a_file_that_stays_locked_is_said_to_be_that(
    night: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    file = tmp_path / "h.sqlite"
    arguments = ["import", str(night), "--history", str(file)]
    assert history.main(arguments) == 0
    monkeypatch.setattr(history_db, "BUSY_S", 0.05)
    with closing(history_db.connect(file)) as other:
        other.execute("PRAGMA journal_mode = DELETE")  # in which a writer keeps readers out
        other.execute("BEGIN EXCLUSIVE")
        assert history.main(arguments) == 3
    assert capsys.readouterr().err == f"{file}: database is locked\n"
