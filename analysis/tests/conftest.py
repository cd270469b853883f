"""Runs that tests share: generated once, never written to."""

from __future__ import annotations

from pathlib import Path

import pytest

import records
import synthetic


@pytest.fixture(scope="session")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete small run with known answers."""
    return synthetic.generate(tmp_path_factory.mktemp("run") / "synthetic", samples=1500)


@pytest.fixture(scope="session")
def run(run_dir: Path) -> records.Run:
    return records.load(run_dir)
