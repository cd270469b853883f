"""The parts of the synthetic run that keep messages out or deal them: windows, slow consumers, fans."""

from __future__ import annotations

from typing import Any

import numpy as np

from histogram import Histogram

TRIP_NS, OVERLAP = 10_000, 8  # a round trip alone; more than so many out gain nothing
TURNAROUND_SPREAD = 0.05
HELD = 10  # messages that the small queue holds
HEALTHY_PER_S, KEPT_WITH_CREDITS = 50_000.0, 0.99
ELAPSED_NS = 100_000_000
FAN_PER_S, LUCKY_SHARE = 400_000.0, 3.0  # the first end gets as much as three others
PAUSES = (0, 1_000_000, "inf")


def cases(base: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Launches of the three experiments: each with its ladder."""
    deal = {**base, "pattern": "deal", "reply_bytes": 0, "producers": 1, "consumers": 1,
            "sharing": "any", "credits": 0, "pause_ns": 0, "full": "block", "window": 1}  # fmt: skip
    out = {**deal, "pattern": "window", "reply_bytes": base["message_bytes"]}
    found = [("window", [{**out, "transport": t, "window": w} for w in (1, 2, 4, 8, 16, 64)])
             for t in ("pipe", "posix_mq")]  # fmt: skip
    slow = {**deal, "pause_ns": 100_000}
    found.append(("window", [{**slow, "full": f} for f in ("block", "fail", "drop")]))
    for sharing, credits in (("any", (0,)), ("addressed", (0, 4)), ("own", (0,))):
        mine = {**deal, "consumers": 3, "sharing": sharing}
        ladder = [{**mine, "pause_ns": p, "credits": c} for p in PAUSES for c in credits]
        found.append(("hol_blocking", ladder))
    ends = [{"producers": n} for n in (1, 2, 4)] + [{"consumers": n} for n in (2, 4)]
    return found + [("fan", [{**deal, **e}]) for e in ends]


def window(record: dict[str, Any], luck: float, rng: np.random.Generator) -> None:
    """Throughput grows with the window up to OVERLAP; what is out waits for its turn."""
    case = record["case"]
    if case["pattern"] == "deal":
        return _full(record, luck)
    if case["transport"] == "posix_mq" and case["window"] > HELD:
        text = f"window {case['window']} is more than posix_mq holds: {HELD} messages of 64 B"
        record |= {"status": "skipped", "reason": text}
        return
    each = TRIP_NS * luck / min(case["window"], OVERLAP)
    times = (each * np.exp(rng.normal(0, 0.01, 32))).round(2).tolist()
    record["windows"] = {"messages_each": 100, "ns_per_message": times, "cpu_ns_per_message": each}
    spread = np.exp(rng.normal(0, TURNAROUND_SPREAD, 1500))
    record["histograms"] = {"turnaround_ns": Histogram.of(case["window"] * each * spread).encode()}
    record["messages"] = 4700


def _full(record: dict[str, Any], luck: float) -> None:
    full = record["case"]["full"]
    _deal(record, [1000], [1000], luck)
    record["values"] |= {"capacity_messages": 1024, "refusal_ns": 120.0 * luck}
    record["values"] |= {"refused": 0 if full == "block" else 50_000}
    record["values"] |= {"dropped": 50_000 if full == "drop" else 0}


def hol_blocking(record: dict[str, Any], luck: float, rng: np.random.Generator) -> None:
    """At the head of a common queue the slow one's pace is everybody's; credits cost a hundredth."""
    case = record["case"]
    pause = case["pause_ns"]
    alone = HEALTHY_PER_S * luck * ELAPSED_NS / 1e9
    slow = 1.0 if pause == "inf" else alone if pause == 0 else min(alone, ELAPSED_NS / pause)
    blocked = case["sharing"] == "addressed" and not case["credits"]
    healthy = slow if blocked else alone * (KEPT_WITH_CREDITS if case["credits"] and pause else 1)
    got = [round(healthy), round(healthy), round(slow)]
    _deal(record, [sum(got)], got, luck)
    record["oversubscribed"] = {"roles": 4, "cpus": 2}


def fan(record: dict[str, Any], luck: float, rng: np.random.Generator) -> None:
    """What a channel carries does not change; the first end is the lucky one."""
    case, whole = record["case"], FAN_PER_S * luck * ELAPSED_NS / 1e9
    sides = []
    for count in (case["producers"], case["consumers"]):
        weights = np.array([LUCKY_SHARE if count > 1 else 1.0, *[1.0] * (count - 1)])
        sides.append([round(x) for x in whole * weights / weights.sum()])
    _deal(record, *sides, luck)
    if case["producers"] + case["consumers"] > 2:
        record["oversubscribed"] = {"roles": case["producers"] + case["consumers"], "cpus": 2}


def _deal(record: dict[str, Any], sent: list, got: list, luck: float) -> None:
    record["messages"] = sum(got)
    record["values"] = {"elapsed_ns": ELAPSED_NS, "delivered": sum(got), "refused": 0,
                        "dropped": 0, "cpu_ns_per_message": 3000.0 * luck}  # fmt: skip
    times = np.full(max(sum(got), 1), 20_000.0 * luck)
    record["histograms"] = {"delivery_ns": Histogram.of(times).encode()}
    record["roles"] = [
        {"role": role, "index": i, "messages": n, "cpu_ns": round(1500 * luck * n)}
        for role, side in (("client", sent), ("server", got))
        for i, n in enumerate(side)
    ]


QUANTITY = {
    "window": {"quantity": "turnaround_ns"},
    "hol_blocking": {"quantity": "delivery_ns"},
    "fan": {"quantity": "delivery_ns"},
}
MEASURED = {"window": window, "hol_blocking": hol_blocking, "fan": fan}
