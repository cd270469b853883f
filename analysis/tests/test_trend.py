"""The nights' report on a year whose steps, epoch and noisy week are known."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

import history_db
import synthetic_nights
import trend


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp("trend")
    with closing(history_db.connect(folder / "history.sqlite", create=True)) as connection:
        synthetic_nights.fill(connection, synthetic_nights.told_year(), synthetic_nights.names(200))
    asked = ["--history", str(folder / "history.sqlite"), "-o", str(folder / "out"), "--quiet"]
    assert trend.main(asked) == 0
    return folder / "out", json.loads((folder / "out" / "trend.json").read_text())


def test_every_plant_is_told_and_nothing_else(told: tuple[Path, dict]) -> None:
    _, said = told
    assert said["nights"] == 365 and said["series"] == 200
    assert len(said["epochs"]) == 1 and len(said["noisy"]) == 7
    assert len(said["events"]) == 2, said["events"]


def test_the_page_and_its_figures_are_there(told: tuple[Path, dict]) -> None:
    out, _ = told
    drawn = {file.stem for file in (out / "figures").glob("*.svg")}
    assert {"trend_series", "trend_health"} <= drawn
    page = (out / "trend.html").read_text()
    assert page.count("<svg") >= 2 and "night-100" in page


def test_it_is_the_same_twice(told: tuple[Path, dict], tmp_path: Path) -> None:
    out, _ = told
    asked = ["--history", str(out.parent / "history.sqlite"), "-o", str(tmp_path), "--quiet"]
    assert trend.main(asked) == 0
    again = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(again) >= 6
    for file in again:
        assert file.read_bytes() == (out / file.relative_to(tmp_path)).read_bytes(), file.name
