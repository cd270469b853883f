"""Whatever became of a run folder, the analysis ends in one line that names the file, or goes on without what is broken.

Seeded; a failure names its seed. IPCMARK_FUZZ_SECONDS lengthens it (8 by default: `run_all.sh fuzz` is the long one), IPCMARK_FUZZ_SEED starts elsewhere.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import random
import re
import shutil
import time
import traceback
from pathlib import Path

import pytest
from matplotlib.figure import Figure

import figure
import mutations
import records
import report

GOLDEN = Path(report.__file__).parent.parent / "results" / "reference" / "golden"
SECONDS = float(os.environ.get("IPCMARK_FUZZ_SECONDS", "8"))
FIRST_SEED = int(os.environ.get("IPCMARK_FUZZ_SEED", "1"))
NAMED = re.compile(r"[\w./-]+(:\d+)?: .")


def damaged(folder: Path, seed: int) -> Path:
    """A copy of the golden run, damaged by this seed."""
    shutil.copytree(GOLDEN, folder)
    mutations.damage(folder, random.Random(seed))
    return folder


def said(run: Path, out: Path, script: str) -> str:
    """What a script, or the report, prints on stderr for a run; raises what it raises."""
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        if script == "report":
            code = report.main([str(run), "-o", str(out)])
        else:
            module = importlib.import_module(script)
            code = figure.main(module.draw, module.__doc__, [str(run), "-o", str(out)])
    assert code in (0, 2), code
    text = errors.getvalue()
    assert "could not be drawn" not in text and "Traceback" not in text, text
    if code == 2:
        assert text.count("\n") >= 1 and NAMED.search(text.splitlines()[-1]), text
    return text


@pytest.fixture
def unsaved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are made and not written, which is what costs; a long run lays them out, too."""
    layout = Figure.draw_without_rendering if SECONDS > 120 else lambda _: None
    monkeypatch.setattr(Figure, "savefig", lambda self, *_, **__: layout(self))


def attempt(seed: int, folder: Path, scripts: list[str]) -> None:
    run = damaged(folder / str(seed), seed)
    for script in scripts:
        try:
            said(run, folder / "out", script)
        except BaseException:
            pytest.fail(f"seed {seed}, {script}.py:\n{traceback.format_exc()}")
    shutil.rmtree(run)


def test_no_damage_to_a_run_ends_a_script_in_a_traceback(unsaved: None, tmp_path: Path) -> None:
    until = time.monotonic() + 0.7 * SECONDS
    seed = FIRST_SEED
    while time.monotonic() < until:
        attempt(seed, tmp_path, random.Random(seed).sample(report.FIGURES, 3))
        seed += 1
    print(f"{seed - FIRST_SEED} damaged runs")


def test_no_damage_to_a_run_ends_the_report_in_a_traceback(
    unsaved: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report.svg, "inline", lambda *_: "")
    until = time.monotonic() + 0.3 * SECONDS
    seed = FIRST_SEED + 1_000_000
    while time.monotonic() < until:
        attempt(seed, tmp_path, ["report"])
        seed += 1


@pytest.mark.parametrize("seed", range(20))
def test_lines_that_are_whole_are_kept_and_those_that_are_not_are_named(
    seed: int, tmp_path: Path
) -> None:
    run, rng = tmp_path / "run", random.Random(seed)
    shutil.copytree(GOLDEN, run)
    file = rng.choice([f for f in sorted(run.glob("*.jsonl")) if f.stat().st_size > 10_000])
    lines = file.read_bytes().rstrip(b"\n").split(b"\n")
    at = rng.randrange(len(lines))
    spoil = rng.choice([mutations.cut, mutations.foreign, mutations.other_schema])
    whole = {json.dumps(r.raw) for r in records.load(run).records if r.where != f"{file}:{at + 1}"}
    lines[at] = spoil(lines[at], rng)
    file.write_bytes(b"\n".join(lines) + b"\n")
    with contextlib.redirect_stderr(io.StringIO()):
        loaded = records.load(run)
    assert {json.dumps(r.raw) for r in loaded.records} == whole
    assert not lines[at] or any(w.startswith(f"{file}:{at + 1}: ") for w in loaded.warnings)
