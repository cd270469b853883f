"""analysis/README.md names every script and format; bench/tests/test_documented.py runs its commands."""

from __future__ import annotations

import re
from pathlib import Path

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
