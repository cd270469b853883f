"""What the gate said of a run: gate.json in its folder, written by gate.py; whoever reads it, reads it here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from exports import rows
from records import Run

CONFIRMED = 1  # the exit code that only a confirmed regression has
WORST_FIRST = ("REGRESSED", "ENVIRONMENT_SHIFT", "SUSPECT", "IMPROVED")


@dataclass(frozen=True)
class Finding:
    """One series that left its window, and what became of it."""

    verdict: str
    name: str  # its experiment, value and case
    words: str  # by how much


@dataclass(frozen=True)
class Judged:
    """The verdict of the night; findings worst first."""

    verdict: str
    said: str
    exit_code: int
    findings: list[Finding]

    @property
    def regressions(self) -> list[Finding]:
        return [f for f in self.findings if f.verdict == WORST_FIRST[0]]


def of_run(run: Run) -> Judged | None:
    """None where the gate has not judged, or its paper is not one."""
    paper = rows.paper(run, "gate.json")
    code = paper.get("exit_code", 0)
    if not isinstance(paper.get("verdict"), str) or not isinstance(code, int):
        return None
    told = paper.get("finding")
    found = [_finding(entry) for entry in told if isinstance(entry, dict)] if isinstance(told, list) else []  # fmt: skip
    order = {verdict: at for at, verdict in enumerate(WORST_FIRST)}
    found.sort(key=lambda f: order.get(f.verdict, len(order)))
    return Judged(paper["verdict"], str(paper.get("said") or ""), code, found)


def _finding(entry: dict[str, Any]) -> Finding:
    return Finding(str(entry.get("verdict")), _series(entry.get("series")), _words(entry))


def _series(told: Any) -> str:
    """`[experiment, value, case, metric]`, the latter two as JSON, in the words of a case's name."""
    if not isinstance(told, list) or len(told) < 3:
        return str(told)
    try:
        case = json.loads(told[2])
    except (TypeError, ValueError):
        case = None
    name = rows.name(str(told[0]), case) if isinstance(case, dict) else f"{told[0]} {told[2]}"
    return f"{name} ({told[1]})"


def _words(entry: dict[str, Any]) -> str:
    """`+31.0 % [+28.2 %, +33.1 %] the same night`, or against the nights before; then the reason."""
    reason = f"; {entry['reason']}" if entry.get("reason") else ""
    ratio, lo, hi = (entry.get(k) for k in ("ratio", "lo", "hi"))
    if isinstance(ratio, (int, float)):
        both = isinstance(lo, (int, float)) and isinstance(hi, (int, float))
        bounds = f" [{_percent(lo - 1)}, {_percent(hi - 1)}]" if both else ""
        return f"{_percent(ratio - 1)}{bounds} the same night{reason}"
    effect = entry.get("effect")
    if isinstance(effect, (int, float)):
        return f"{_percent(effect)} against the nights before{reason}"
    return str(entry.get("reason") or "")


def _percent(effect: float) -> str:
    return f"{100 * effect:+.1f} %"
