"""Claims about who waits for whom: 12 and 18 (a slow consumer), 7 and 19 (urgent messages), 23 (a lost peer)."""

from __future__ import annotations

import math
from typing import Any

import claims_parts as parts
import dealt
import priority_rows
import style
from claims_parts import FEW, HOLDS, REFUTED, UNCLEAR, UNMEASURED, Judged, Part
from priority_rows import BEHIND, Overtaking
from records import Run
from retry_model import Detected, Late, detected, lates
from stats import Interval

KEPT = 0.95  # of their throughput that the healthy ones keep, if the slow one does not delay them
SHARED, OWN = "addressed", "own"
NO_CREDITS = "no credits"
NO_SLOW = "no slow consumer of that arrangement beside one that is not"
TOLD = 0.5  # share of losses that an error told, from which on the timeout told none of them
ASKED = {"type_first": "any type (0)", "type_own": "its own (>0)", "type_lowest": "the lowest first (<0), being the lowest",
         "type_highest": "the lowest first (<0), being the highest"}  # fmt: skip


def head_of_line(run: Run) -> Judged:
    """Claim 12, read as: with one FIFO for all and every message meant for one consumer, those that are never slow
    keep less than 95 % of the throughput they have when nobody is slow; with credits for each they keep 95 % or more.
    All pauses of the slow one are taken together. Refuted where they keep that without credits, and less with them.
    """
    found = []
    for (name, kind), of in _kept(run, SHARED).items():
        credits = kind.partition(", ")[2]
        bounds = (KEPT, math.inf) if credits else (-math.inf, KEPT)
        at = {"mechanism": name, "credits": credits or NO_CREDITS}
        found.append(_keeps(at, of, *bounds))
    found.sort(key=lambda p: (p.at["credits"] != NO_CREDITS, p.at["credits"]))
    found += parts.lacking(found, "credits", (NO_CREDITS,))
    if all(p.at["credits"] == NO_CREDITS for p in found):
        found.append(Part({"credits": "with credits"}, "not measured", UNMEASURED))
    return parts.judge(found, NO_SLOW, _crowding(run))


def own_queues(run: Run) -> Judged:
    """Claim 18, read as: with a queue for each consumer those that are never slow keep 95 % or more of the throughput
    they have when nobody is slow, whatever the pause. Refuted where they keep less on every mechanism.
    """
    found = [
        _keeps({"mechanism": name}, of, KEPT, math.inf) for (name, _), of in _kept(run, OWN).items()
    ]
    return parts.judge(found, NO_SLOW, _crowding(run))


def _keeps(at: dict[str, Any], of: Interval, low: float, high: float) -> Part:
    one = parts.part(at, of, _share, low, high)
    return Part(at, f"leaves the others {one.told}", one.word, of.n)


def _crowding(run: Run) -> str:
    """That the ends waited for each other's time slices, too: a slow one that sleeps leaves its CPU to the others."""
    crowded = any("oversubscribed" in r.raw for r in run.of("hol_blocking"))
    return "more ends than CPUs: who sleeps leaves time to the others" if crowded else ""


def _kept(run: Run, sharing: str) -> dict[tuple[str, str], Interval]:
    """What the healthy ones keep by mechanism and arrangement, all pauses of the slow one together."""
    found: dict[tuple[str, str], list[Interval]] = {}
    for (name, kind, pause), of in dealt.kept(run.of("hol_blocking")).items():
        if pause and kind.split(",")[0] == sharing:
            found.setdefault((name, kind), []).append(of)
    return {key: parts.spanning(intervals) for key, intervals in found.items()}


def _share(value: float) -> str:
    return f"{value:.1%}"


def types(run: Run) -> Judged:
    """Claim 7, read as: a message whose type is the highest is received before the ordinary ones in a backlog, asked for
    with any type (0) or with the lowest first (<0). It overtook where it came in the first half. Refuted where it did not
    by either; asking for its own type or being the lowest is told beside it, and no part of the claim.
    """
    found = [o for o in priority_rows.overtakings(run) if o.precedence in ASKED]
    most = max((o.backlog for o in found), default=0)
    told, besides = [], []
    for one in (o for o in found if o.backlog == most):
        asked = f"asked for {ASKED[one.precedence]}"
        if one.precedence in ("type_first", "type_highest"):
            at = {"mechanism": one.transport, "asked": asked}
            told.append(Part(at, _place(one), _overtook(one), one.place.n))
        else:
            besides.append(f"{asked} {_place(one)}")
    return parts.judge(told, "no message types measured", "; ".join(besides))


def _place(one: Overtaking) -> str:
    return f"at place {parts.shown(one.place, lambda v: f'{v:g}')} behind {one.backlog}"


def _overtook(one: Overtaking) -> str:
    return parts.within(one.place, 0, 1 + BEHIND * one.backlog)


def urgent(run: Run) -> Judged:
    """Claim 19, read as: a message of high priority is received in the first half of the longest backlog measured; what
    the others pay is told with it. Refuted where it comes behind them on every mechanism.
    """
    found = priority_rows.overtakings(run)
    most = max((o.backlog for o in found), default=0)
    mine = [o for o in found if o.precedence == "priority" and o.backlog == most]
    told = [
        Part({"mechanism": o.transport}, _gain(o, found), _overtook(o), o.place.n) for o in mine
    ]
    return parts.judge(told, "no priorities measured")


def _gain(one: Overtaking, found: list[Overtaking]) -> str:
    fifo = priority_rows.fifo_of(one, found)
    drain = priority_rows.price(one, found, "drain_ns_per_message")
    sooner = f", {fifo[0].urgent.value / one.urgent.value:.0f} times sooner" if fifo else ""
    pays = (
        f", the rest {(drain.value - 1) * 100:+.0f} % a receive" if drain else ", no FIFO beside it"
    )
    return f"{_place(one)}{sooner}{pays}"


def timeouts(run: Run) -> Judged:
    """Claim 23, read as: of two timeouts the longer one notices a lost peer later and the shorter one gives up more
    requests that were only slow; shortest against longest measured, by intervals that do not meet. Refuted where the
    order is the other way or an error tells, so that the timeout does not matter.
    """
    found = []
    for (name, wait, peer), mine in _by(detected(run), ("transport", "wait", "peer")).items():
        ends = (mine[0], mine[-1])
        by_error = all(d.by_error > TOLD for d in ends)
        word = REFUTED if by_error else _order(ends[0].ns, ends[1].ns)
        why = ", told by an error" if by_error else ""
        at = {"part": "detection", "mechanism": name, "wait": wait, "peer": peer}
        found += _part(at, ends, [d.ns for d in ends], style.time_label, word, why)
    for (name, wait, think), mine in _by(lates(run), ("transport", "wait", "think_ns")).items():
        ends = (mine[0], mine[-1])
        word = _order(ends[1].share, ends[0].share)
        thinks = f"thinks {style.time_label(think)}"
        at = {"part": "given up too early", "mechanism": name, "wait": wait, "peer": thinks}
        found += _part(at, ends, [e.share for e in ends], _share, word, "")
    found += parts.lacking(found, "part", ("detection", "given up too early"))
    return parts.judge(found, "no lost or slow peer with two timeouts")


def _by(found: list[Any], names: tuple[str, ...]) -> dict[tuple, list[Any]]:
    """Results by these fields, timeouts ascending."""
    groups: dict[tuple, list[Any]] = {}
    for one in sorted(found, key=lambda f: f.timeout_ns):
        groups.setdefault(tuple(getattr(one, n) for n in names), []).append(one)
    return groups


def _order(less: Interval, more: Interval) -> str:
    if None in (less.lo, less.hi, more.lo, more.hi):
        return FEW
    if less.hi < more.lo:
        return HOLDS
    return REFUTED if less.lo > more.hi else UNCLEAR


def _part(
    at: dict[str, Any], ends: tuple[Detected | Late, Detected | Late], of: list[Interval], label: Any,
    word: str, why: str,
) -> list[Part]:  # fmt: skip
    """One part of the shortest timeout and the longest; none where there is only one."""
    if ends[0].timeout_ns == ends[1].timeout_ns:
        return []
    word = FEW if any(i.lo is None for i in of) else word
    told = " → ".join(parts.shown(i, label) for i in of)
    taus = " → ".join(style.time_label(e.timeout_ns) for e in ends)
    return [Part(at, f"{told} for τ {taus}{why}", word, min(i.n for i in of))]
