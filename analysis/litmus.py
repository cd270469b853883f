"""Weak outcomes of litmus tests: how often they came, what the language and the machine allow, and what none of so many shows."""

from __future__ import annotations

from dataclasses import dataclass

from paired_values import over_launches, share
from records import Record, Run, group
from stats import Interval

TESTS = ("message_passing", "store_buffering")
ORDERS = ("relaxed", "release_acquire", "seq_cst", "fences")
STRONG = ("x86_64", "i686")  # neither stores nor loads pass each other; a load may pass a store
RULE_OF_THREE = 3.0  # none of n: the share is below 3/n with 95 % confidence


@dataclass(frozen=True)
class Seen:
    """One test with one pair of orders, over all launches."""

    test: str
    orders: str
    rounds: int
    weak: int
    raced: int  # outcomes between the two in which one side is wholly early or late
    at: Interval | None
    records: list[Record]

    @property
    def below(self) -> float:
        """What the share lies below where none was seen."""
        return RULE_OF_THREE / self.rounds


def allowed(test: str, orders: str) -> bool:
    """Whether the language leaves the weak outcome open."""
    if orders in ("seq_cst", "fences"):
        return False
    return test == "store_buffering" or orders == "relaxed"


def shows(run: Run, test: str) -> bool:
    """Whether this kind of machine can show it at all."""
    return test == "store_buffering" or architecture(run) not in STRONG


def architecture(run: Run) -> str:
    return str((run.environment.get("machine") or {}).get("arch") or "an unknown architecture")


def seen(run: Run) -> list[Seen]:
    """In the order of TESTS and ORDERS; only what was measured."""
    mine = [r for r in run.of("memory_order") if r.case.get("structure") in TESTS]
    found = group(mine, lambda r: (r.case["structure"], r.case["publication"]))
    told = []
    for test, orders in ((t, o) for t in TESTS for o in ORDERS):
        records = found.get((test, orders))
        if not records:
            continue
        total = lambda name: int(sum(r.values[name] for r in records))  # noqa: E731
        between = "outcome_01" if test == "message_passing" else "outcome_11"
        told.append(Seen(test, orders, total("rounds"), total("weak"), total(between),
                         over_launches(run, records, share("weak", "rounds")), records))  # fmt: skip
    return told


def words(run: Run, one: Seen) -> str:
    """`116,120 of 1e+06 rounds`, and what its being none means."""
    many = f"{one.weak:,} of {one.rounds:.2g} rounds"
    if one.weak:
        return many
    if not allowed(one.test, one.orders):
        return f"{many}: forbidden"
    return f"{many}: cannot show on {architecture(run)}" if not shows(run, one.test) else many
