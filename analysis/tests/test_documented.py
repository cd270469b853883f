"""Every command that analysis/README.md documents is run, on a small run, with all of its options."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

import synthetic

ANALYSIS = Path(__file__).parents[1]
# What measures other programs on this machine, or needs nights of history: run by tests of their own.
ASKED_FOR_HELP = {f"analysis/{name}.py" for name in ("peers", "gate", "history", "trend")}
ITSELF = "python3 -m pytest"


def documented() -> list[str]:
    """The commands of the first block, without what they are said to do."""
    block = (ANALYSIS / "README.md").read_text().split("```")[1]
    return [re.split(r"\s{2,}", line)[0] for line in block.strip().splitlines()]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What stands for each of the README's words."""
    top = tmp_path_factory.mktemp("documented")
    run = synthetic.generate(top / "results" / "run", samples=200, experiments=("life_cycle",))
    words = {"RUN_DIR": run, "A": run, "B": run, "RESULTS": top / "results", "OUT_DIR": top / "out"}
    words |= {"FILE": top / "file", "summary.md": top / "summary.md", "N": 1, "D": 99999}
    return {word: str(value) for word, value in words.items()}


@pytest.mark.parametrize("command", documented())
def test_a_documented_command_works_with_all_its_options(
    command: str, folders: dict[str, str]
) -> None:
    if command.startswith(ITSELF):
        assert command == f"{ITSELF} analysis"
        return
    name = "junit" if "--format" in command else "life_cycle"
    words = shlex.split(command.replace("NAME", name).replace("[", "").replace("]", ""))
    assert (ANALYSIS.parent / words[0]).stat().st_mode & 0o100, f"{words[0]} cannot be run"
    options = [word for word in words[1:] if word.startswith("-")]
    if words[0] in ASKED_FOR_HELP:
        words = [words[0], "--help"]
    command_line = [str(ANALYSIS.parent / words[0]), *(folders.get(w, w) for w in words[1:])]
    done = subprocess.run(command_line, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    if words[1:] == ["--help"]:
        assert all(option in done.stdout for option in options)
    for word in ("FILE", "summary.md"):
        assert word not in words or Path(folders[word]).stat().st_size > 100


def test_every_script_that_can_be_run_is_documented() -> None:
    """By its name, or as one of the figures."""
    text = (ANALYSIS / "README.md").read_text()
    scripts = {p.stem for p in ANALYSIS.glob("*.py") if p.read_bytes().startswith(b"#!")}
    unsaid = {s for s in scripts if f"analysis/{s}.py" not in text and f"| `{s}` |" not in text}
    assert not unsaid - OTHERS


# `next` is called by the program between blocks; `speed` is bench/micro/README.md's.
OTHERS = {"next", "speed"}


def test_the_words_of_the_formats_are_those_of_the_program() -> None:
    import export

    text = (ANALYSIS / "README.md").read_text()
    table = text[text.index("| Format |") : text.index("Nothing in them is NaN")]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert [word for row in rows for word in re.findall(r"`(.*?)`", row)] == list(export.FORMATS)
