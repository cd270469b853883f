"""What the report's selector is made of: the facts of the run, embedded once, and the scripts that know the rules."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import advise_abilities
import advise_facts
import advise_question
import advise_rules
from advise_words import WORDS, size
from records import Run

HERE = Path(__file__).parent
RULES = ("advise_words.js", "advise_question.js", "advise_point.js", "advise_rules.js")
FORM = "advise_form.js"
USUAL_BYTES = 64


def of_run(run: Run) -> dict[str, Any]:
    """All that advise.html.j2 wants; `facts` is None where the run has no round trips."""
    facts = advise_facts.of_run(run)
    if not facts["lines"]:
        return {"facts": None}
    asked = size(_usual_size(facts))
    told = advise_question.question({"message_bytes": asked}, facts["wheres"])
    return {
        "facts": embedded({**facts, "words": WORDS, "path": shlex.quote(str(run.path))}),
        "script": scripts(*RULES, FORM),
        "asked": asked,
        "verdict": advise_rules.answer(facts, told)["verdict"],
        "wheres": facts["wheres"],
        "percentiles": advise_question.PERCENTILES,
        "orders": advise_question.ORDERS,
        "needs": advise_abilities.NEEDS,
        "run": run.name,
    }


def embedded(facts: dict[str, Any]) -> str:
    """JSON that may stand in a page: no tag can begin in it."""
    text = json.dumps(facts, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.replace("<", "\\u003c")


def scripts(*names: str) -> str:
    """Script files as one, in a scope of their own."""
    parts = [(HERE / name).read_text(encoding="utf-8") for name in names]
    return "(() => {\n" + "".join(parts) + "})();"


def _usual_size(facts: dict[str, Any]) -> int:
    """The size most lines have, of those the nearest to a cache line."""
    here = [line for line in facts["lines"] if line["where"] == facts["wheres"][0]]
    counts = Counter(s for line in here for s in line["sizes"])
    return min(counts, key=lambda s: (-counts[s], abs(s - USUAL_BYTES)))
