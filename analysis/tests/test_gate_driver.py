"""What the gate asks of a binary when it measures a night's series again."""

from __future__ import annotations

from pathlib import Path

import pytest

import gate_driver
import nightly_records
from baseline import Binary


@pytest.mark.parametrize("tuned", [True, False])
def test_a_tuned_night_is_measured_again_tuned_and_no_other(
    run_dir: Path, tmp_path: Path, tuned: bool
) -> None:
    """Without it the second measurement would be of another epoch, and refused."""
    program = tmp_path / "ipcmark"
    program.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/asked\nmkdir {tmp_path}/run\n')
    program.chmod(0o755)
    night = nightly_records.load(run_dir).run
    night.environment["tuning"] = {"set": [], "left": []} if tuned else None
    driver = gate_driver.Ipcmark(tmp_path, night, {})
    driver._run(Binary(program), tmp_path / "plan.toml", tmp_path / "run")
    asked = (tmp_path / "asked").read_text().split()
    assert asked[:2] == ["run", "all"]
    assert ("--tune" in asked) == tuned
