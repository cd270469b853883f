"""analysis/README.md names every script and format; bench/tests/test_documented.py runs its commands."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ANALYSIS = Path(__file__).parents[1]


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


def test_the_readme_says_the_formats_that_one_types() -> None:
    import export

    readme = ANALYSIS.parent / "README.md"
    if not readme.exists():
        pytest.skip("an installed analysis has no README above it")
    [said] = re.findall(r"--format F +F: (.*)", readme.read_text())
    assert set(said.split(", ")) == set(export.FORMATS)


def test_the_readmes_figures_are_those_of_the_run_it_names() -> None:
    readme = ANALYSIS.parent / "README.md"
    if not readme.exists():
        pytest.skip("an installed analysis has no README above it")
    text = readme.read_text()
    [said] = re.findall(r"^This is the run `(.*?)`(.*?)\n\n", text, re.MULTILINE | re.DOTALL)
    summary = json.loads((ANALYSIS.parent / said[0] / "summary.json").read_text())
    found = [c for c in summary["crossover"] if c["metric"] == "p50"]
    assert len(found) == 5 and f"![shared memory over queue, by payload size]({said[0]}/" in text
    crossed = [c for c in found if c["T_bytes"] is not None]
    told = [_bytes(c["T_bytes"]) for c in crossed] + [_bytes(max(c["hi"] for c in crossed))]
    without = [c["queue"] for c in found if c["T_bytes"] is None]
    told += [*without, "no crossing"] if without else []
    levels = [d["message"] for d in summary["doubts"] if d["check"] == "canary_levels"]
    told += [f"{float(ns):.0f}" for ns in re.findall(r"([\d.]+) ns", "".join(levels))]
    assert not [one for one in told if not re.search(rf"\b{re.escape(one)}\b", said[1])], told


def _bytes(value: float) -> str:
    return f"{value:.0f}" if value < 1024 else f"{value / 1024:.3g} KiB"
