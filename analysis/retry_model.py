"""False time-outs: how often a peer that is only slow would be asked again, and how long a lost one goes unnoticed.

The share of requests that a timeout τ gives up too early is that of replies that take longer than until it fires: τ
and the overshoot of a wait for nothing, as the same run measured it (with Linux's timer slack 50 us and a wake-up, as
much as a short τ itself). Predicted from the distribution of response times without a timeout, measured in the same
launch, and, since the server's time to think is exponential with mean m, from exp(-τ/m) beyond what a round trip takes
by itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import stats
from records import Record, Run, as_number, by_launch, freeze, group
from series import Levels

NEVER = "inf"


@dataclass(frozen=True)
class Late:
    """One timeout against one peer: shares of requests, over launches."""

    transport: str
    wait: str
    timeout_ns: float
    think_ns: float
    share: stats.Interval
    predicted: stats.Interval  # from response times without a timeout
    exponential: float
    retries: float  # per request
    overshoot_ns: float  # of such a timeout; NaN where the run has measured none


def lates(run: Run) -> list[Late]:
    """By transport and peer, timeouts ascending."""
    found = []
    expired = run.of("timeout", pattern="expire")
    asked = run.of("timeout", pattern="retry")
    alike = group(asked, lambda r: (freeze(r.case, ("timeout_ns",)), freeze(r.metric)))
    for members in alike.values():
        free = {r.launch_id: r for r in members if r.case["timeout_ns"] == NEVER}
        for timeout in sorted({t for r in members if (t := r.case["timeout_ns"]) != NEVER}):
            mine = [r for r in members if r.case["timeout_ns"] == timeout and r.launch_id in free]
            if mine:
                found.append(_late(mine, free, timeout, _overshoot_ns(expired, mine[0], timeout)))
    return found


def _overshoot_ns(expired: list[Record], like: Record, timeout: float) -> float:
    """How late a wait for nothing returns: p50 over launches, at the τ nearest by ratio; NaN where there is none."""
    same = ("transport", "wait", "idle", "placement", "policy", "timer_slack_ns")
    alike = [
        r
        for r in expired
        if r.case["timeout_ns"] > 0 and all(r.case.get(k) == like.case.get(k) for k in same)
    ]
    if not alike:
        return math.nan
    nearest = min((r.case["timeout_ns"] for r in alike), key=lambda t: abs(math.log(t / timeout)))
    mine = [r for r in alike if r.case["timeout_ns"] == nearest]
    return stats.median_interval(by_launch(mine, lambda r: r.p50_ns)).value


def _late(mine: list[Record], free: dict[str, Record], timeout: float, overshoot: float) -> Late:
    case = mine[0].case
    fires = timeout + (0 if math.isnan(overshoot) else overshoot)
    own = stats.median_interval([_own_ns(r) for r in free.values()]).value
    return Late(
        transport=case["transport"],
        wait=case["wait"],
        timeout_ns=timeout,
        think_ns=case["think_ns"],
        share=stats.median_interval(by_launch(mine, lambda r: r.values["late_share"])),
        predicted=stats.median_interval([beyond(free[r.launch_id], fires) for r in mine]),
        exponential=math.exp(-max(fires - own, 0) / case["think_ns"]),
        retries=stats.median_interval(
            by_launch(mine, lambda r: r.values["retries_per_request"])
        ).value,
        overshoot_ns=overshoot,
    )


def beyond(record: Record, ns: float) -> float:
    """The share of a launch's round trips that took longer."""
    histogram = record.histogram("round_trip_ns")
    if histogram is None or not histogram.count:
        return math.nan
    return histogram.share_above(ns)


def _own_ns(record: Record) -> float:
    """A round trip less the thinking: medians, of which the exponential's is m ln 2."""
    return max(record.p50_ns - record.case["think_ns"] * math.log(2), 0.0)


@dataclass(frozen=True)
class Detected:
    """How long a client took to know that its server was lost: p50 of a launch, over launches."""

    transport: str
    wait: str
    peer: str
    timeout_ns: float
    ns: stats.Interval
    by_error: float  # share of the losses that an error told
    false_alarms: int  # clients that gave up a server that still lived; not among the losses


def detected(run: Run) -> list[Detected]:
    """By transport and fate, timeouts ascending."""
    found = []
    lost = run.of("timeout", pattern="detect")
    for members in group(lost, lambda r: (freeze(r.case), freeze(r.metric))).values():
        times = by_launch(members, lambda r: r.p50_ns)
        if not times:
            continue
        case = members[0].case
        alarms = sum(int(r.values.get("false_alarms", 0)) for r in members)
        told = sum(r.values.get("told_by_error", 0) for r in members)
        losses = sum(r.raw["messages"] for r in members) - alarms
        found.append(
            Detected(case["transport"], case["wait"], case["peer"], as_number(case["timeout_ns"]),
                     stats.median_interval(times), told / losses, alarms)
        )  # fmt: skip
    return sorted(found, key=lambda d: (d.transport, d.peer, d.timeout_ns))


def predictions(
    run: Run, _levels: Levels
) -> Iterator[tuple[str, float, stats.Interval, dict[str, float]]]:
    """False time-outs against the peer's response times, where one in fifty or more is late; detection against τ."""
    for late in lates(run):
        if late.predicted.value >= 0.02:
            at = {"τ": late.timeout_ns, "think": late.think_ns}
            yield "needless retries: share of slow replies", late.predicted.value, late.share, at
    for d in detected(run):
        if d.by_error == 0:
            yield "detection where nobody tells (τ)", d.timeout_ns, d.ns, {"τ": d.timeout_ns}


def rows(lost: list[Detected], late: list[Late]) -> list[dict[str, Any]]:
    """As the figure's CSV holds them."""
    told: list[dict[str, Any]] = [
        {"panel": "detection", "transport": d.transport, "wait": d.wait, "peer": d.peer,
         "timeout_ns": d.timeout_ns, "value": d.ns.value, "lo": d.ns.lo, "hi": d.ns.hi,
         "launches": d.ns.n, "by_error": d.by_error, "false_alarms": d.false_alarms}
        for d in lost
    ]  # fmt: skip
    return told + [
        {"panel": "false time-outs", "transport": e.transport, "wait": e.wait, "think_ns": e.think_ns,
         "timeout_ns": e.timeout_ns, "value": e.share.value, "lo": e.share.lo, "hi": e.share.hi,
         "launches": e.share.n, "predicted": e.predicted.value, "exponential": e.exponential,
         "retries_per_request": e.retries, "overshoot_ns": e.overshoot_ns}
        for e in late
    ]  # fmt: skip
