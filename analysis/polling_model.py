"""A receiver that looks at fixed intervals: what it adds to the response, and what its looks cost.

A message that comes at no particular time waits half an interval I on average, and half an interval at the median, for
the next look. Messages at a rate λ are 1/(λI) looks apart, each of which costs the CPU the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

import stats
from records import Record, Run, by_launch, freeze, group
from series import Levels

INTERVAL = "poll_interval_ns"


@dataclass(frozen=True)
class Polled:
    """One interval at a rate, against the same receiver that waits; over launches that measured both."""

    transport: str
    wait: str  # of the receiver it is compared with
    rate_per_s: float
    slack_ns: float
    interval_ns: float
    added_ns: stats.Interval  # to the median response
    cpu_ns: stats.Interval  # of the receiver, per message
    waiting_cpu_ns: float  # of the one that waits
    look_ns: float  # of one look
    looks_per_message: float

    @property
    def model_cpu_ns(self) -> float:
        """What looks at this interval would cost, were each as dear as at the shortest one measured."""
        return self.look_ns / (self.rate_per_s * self.interval_ns * 1e-9)


def polled(run: Run, levels: Levels) -> list[Polled]:
    """Every interval, those of a transport together."""
    paced = [r for r in run.of("timeout", pattern="pace") if not r.values.get("overloaded")]
    found = []
    for members in group(paced, lambda r: (freeze(r.case, (INTERVAL,)), freeze(r.metric))).values():
        look_ns = _look_ns(members)
        for interval in sorted({r.case[INTERVAL] for r in members} - {0}):
            pairs = _pairs(members, interval, levels)
            if pairs:
                found.append(_polled(interval, pairs, look_ns))
    return found


def _pairs(members: list[Record], interval: int, levels: Levels) -> list[tuple[Record, Record]]:
    """One a launch at one level of the canary: the receiver that looks, and the one that waits."""
    found = []
    for launch in group(members, lambda r: r.launch_id).values():
        looks = [r for r in launch if r.case[INTERVAL] == interval]
        waits = [r for r in launch if r.case[INTERVAL] == 0]
        seen = {levels.level(r) for r in launch}
        if looks and waits and len(seen) == 1 and None not in seen:
            found.append((looks[0], waits[0]))
    return found


def _polled(interval: int, pairs: list[tuple[Record, Record]], look_ns: float) -> Polled:
    case = pairs[0][0].case
    return Polled(
        transport=case["transport"],
        wait=case["wait"],
        rate_per_s=case["rate_per_s"],
        slack_ns=case.get("timer_slack_ns", 0),
        interval_ns=interval,
        added_ns=stats.median_interval([a.p50_ns - b.p50_ns for a, b in pairs]),
        cpu_ns=stats.median_interval([_cpu(a) for a, _ in pairs]),
        waiting_cpu_ns=float(median(_cpu(b) for _, b in pairs)),
        look_ns=look_ns,
        looks_per_message=float(median(_looks(a) for a, _ in pairs)),
    )


def _cpu(record: Record) -> float:
    return record.values.get("receiver_cpu_ns_per_message", math.nan)


def _looks(record: Record) -> float:
    return record.values.get("looks", math.nan) / max(record.raw["messages"], 1)


def _look_ns(members: list[Record]) -> float:
    """CPU time of a look, where looks are most of what the receiver does: at the shortest interval."""
    looking = [r for r in members if r.case[INTERVAL]]
    shortest = min((r.case[INTERVAL] for r in looking), default=0)
    each = by_launch(
        (r for r in looking if r.case[INTERVAL] == shortest), lambda r: _cpu(r) / _looks(r)
    )
    return float(median(each)) if each else math.nan


def predictions(
    run: Run, levels: Levels
) -> Iterator[tuple[str, float, stats.Interval, dict[str, float]]]:
    """Added latency against I/2, and CPU time against the looks there ought to be."""
    for p in polled(run, levels):
        at = {"I": p.interval_ns, "rate": p.rate_per_s}
        yield "latency added by a poll interval (I/2)", p.interval_ns / 2, p.added_ns, at
        yield "CPU of polling (c/λI)", p.model_cpu_ns, p.cpu_ns, at
