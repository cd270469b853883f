"""Runs that tests share: generated once, never written to."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path

import pytest

import records
import report
import style
import synthetic


@pytest.fixture(scope="session")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete small run with known answers."""
    return synthetic.generate(tmp_path_factory.mktemp("run") / "synthetic", samples=1500)


@dataclass(frozen=True)
class Made:
    """What report.py left in a folder, and what it printed."""

    folder: Path
    printed: str


@pytest.fixture(scope="session")
def made(run_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The report of the run, made once: drawing is what costs."""
    out, printed = tmp_path_factory.mktemp("report"), io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert report.main([str(run_dir), "-o", str(out)]) == 0
    return Made(out, printed.getvalue())


@pytest.fixture(scope="session")
def narrow(run_dir: Path) -> records.Run:
    """The run with one queue only: quick to draw."""
    whole = records.load(run_dir)
    whole.records = [r for r in whole.records if r.transport in ("pipe", "hybrid_pipe")]
    return whole


@pytest.fixture(scope="session")
def run(run_dir: Path) -> records.Run:
    return records.load(run_dir)


@pytest.fixture
def every_format() -> None:
    """Asked for by tests that look at PDF or PNG."""


@pytest.fixture(autouse=True)
def drawn_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test saves its figures as SVG alone, a third of the cost; what is `made` once has all formats."""
    if "every_format" not in request.fixturenames:
        monkeypatch.setattr(style, "FORMATS", {"svg": style.FORMATS["svg"]})
