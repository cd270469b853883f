"""Whether what was under way, looked at while it was, is what rate and time under way say: Little's law, per launch.

A launch is judged where its looks can tell 5 % apart, i.e. where the error of having looked at random is a third of
that or less; of the others nothing can be said. Overloaded ones are not in balance, which the law needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from record import Record

kTolerance = 0.05  # METHOD section 2
kResolved = kTolerance / 3


@dataclass(frozen=True)
class Verdict:
    """Launches' cases by what came of the check."""

    held: list[Record]
    failed: list[Record]
    unresolved: int

    @property
    def worst(self) -> Record:
        return max(self.failed, key=lambda r: abs(r.values["little_residual"]))


def judge(records: Iterable[Record]) -> Verdict:
    """All usable records that looked."""
    held, failed, unresolved = [], [], 0
    for record in records:
        residual, error = (record.values.get(f"little_{k}") for k in ("residual", "error"))
        if record.values.get("overloaded"):
            continue
        if residual is None or error is None or error > kResolved:
            unresolved += 1
        else:
            (held if abs(residual) <= kTolerance else failed).append(record)
    return Verdict(held, failed, unresolved)
