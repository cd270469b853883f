#!/usr/bin/python3
"""Which mechanism to take on this machine: those that fit a question, ranked, with the evidence and the doubts.

A question is a message's size (or a file of sizes), and whatever else matters: a rate, a latency target at a percentile,
a CPU budget, what the mechanism has to promise. Times are round trips, medians over launches with their 95 % intervals.
Between measured sizes they are interpolated, and that is said; beyond them nothing is. Mechanisms are compared under one
condition (placement, idle state, ...) at a time. The report has the same as a form.

--sizes names a file with a line for each size: the size and the share of messages up to it, both ascending, the last
share 1; `#` begins a comment (as of `ipcmark run mixture`). The CPU budget is of both ends a round trip.
Needs: boundaries, lossless, order, priority, mailbox (several senders). What mechanisms promise is in the run's
manifest, or in --transports, a file that `ipcmark list transports --json` wrote.

Exit codes: 0, also for `none of them`; 2 for bad input.

    analysis/advise.py RUN_DIR --message-bytes SIZE [--rate R] [--latency T --percentile P] [--cpu T] [--need A,B]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, NoReturn

import advise_abilities
import advise_facts
import advise_question
import advise_rules
import command
import figure
import records
from records import RecordsError

LEFT_OUT_SHOWN = 12


class Parser(argparse.ArgumentParser):
    """Bad usage in one line, as of the program."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"advise.py: {message}\n")


def main(argv: list[str] | None = None) -> int:
    given = _arguments(argv)
    try:
        run = records.load(given.run_dir)
        found = answer(run, given)
    except (RecordsError, OSError, ValueError) as error:
        print(f"advise.py: {figure.said(error)}", file=sys.stderr)
        return 2
    print(json.dumps(found, indent=1, ensure_ascii=False) if given.json else text(found))
    return 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("run_dir", type=Path, help="a run folder")
    add("--message-bytes", metavar="SIZE", help="of every message: 64, 4Ki")
    add("--sizes", type=Path, metavar="FILE", help="sizes and shares instead of one size")
    add("--rate", metavar="R", help="messages a second: 10k")
    add("--latency", metavar="T", help="longest round trip at the percentile: 20us")
    add("--percentile", metavar="P", help="50, 90, 99 (default), 99.9, 99.99")
    add("--cpu", metavar="T", help="CPU time of both ends a round trip: 5us")
    add("--need", metavar="A,B", help="promises: " + ", ".join(advise_abilities.NEEDS))
    add("--where", metavar="CONDITION", help="default: the one most mechanisms were measured under")
    add("--by", metavar="ORDER", help="latency (default) or cpu")
    add("--transports", type=Path, metavar="FILE", help="what the mechanisms promise")
    add("--json", action="store_true", help="for machines")
    return parser.parse_args(argv)


def answer(run: records.Run, given: argparse.Namespace) -> dict[str, Any]:
    """The answer with its question. Raises ValueError, RecordsError, OSError: each one line."""
    told = vars(given) | {"sizes": None}
    if given.sizes is not None:
        told["sizes"] = (str(given.sizes), given.sizes.read_text(errors="replace"))
    listed = advise_abilities.read(given.transports) if given.transports else None
    facts = advise_facts.of_run(run, listed)
    asked = advise_question.question(told, facts["wheres"])
    return {"run": run.name, "question": asked, **advise_rules.answer(facts, asked)}


def text(found: dict[str, Any]) -> str:
    """The verdict first, then each mechanism with its evidence and its doubts."""
    parts = [f"{found['run']}: {found['verdict']}", f"condition: {found['where']}"]
    parts += [_ranked(one) for one in found["ranked"]]
    parts += ["\n".join(["hybrids", *(f"  {line}" for line in found["hybrids"])])] if found["hybrids"] else []  # fmt: skip
    out = [f"  {one['mechanism']}: {'; '.join(one['why'])}" for one in found["left_out"]]
    if out:
        more = len(out) - LEFT_OUT_SHOWN
        rest = [f"  and {more} more: --json has all"] if more > 0 else []
        parts.append("\n".join(["left out", *out[:LEFT_OUT_SHOWN], *rest]))
    parts += ["\n".join(["doubts", *(f"  {line}" for line in found["doubts"])])] if found["doubts"] else []  # fmt: skip
    return "\n\n".join(parts)


def _ranked(one: dict[str, Any]) -> str:
    mark = "≈" if one["tied"] else " "
    lines = [f"{one['rank']:2}{mark} {one['mechanism']}: {', '.join(one['evidence'].values())}"]
    return "\n".join(lines + [f"      but {doubt}" for doubt in one["doubts"]])


if __name__ == "__main__":
    sys.exit(command.ended(main))
