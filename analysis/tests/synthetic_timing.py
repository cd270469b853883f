"""The parts of the synthetic run that time batches, polling, spinning and lost peers: models that hold exactly."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from histogram import Histogram
from synthetic_load import SLACK_NS

SHARED_NS = 4000.0  # what a batch shares: c(B) = m + s/B, in shares of a transport's own m
WAKE_UP_NS = 6000.0
OWN_NS = 12_000.0  # a round trip less the thinking
LOOK_NS = 900.0  # CPU time of a look at the channel
LOSSES = 24
OVERSHOOT_NS = 1.07 * SLACK_NS  # the median of synthetic_load.expire


def cases(base: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Launches of the two experiments: each with its ladder."""
    plain = {**base, "think_ns": 0, "poll_interval_ns": 0, "peer": "lives"}
    pour = {**base, "pattern": "pour", "reply_bytes": 0}
    ask = {**plain, "pattern": "ask", "wait": "spin_then_block", "transport": "shm_ring", "backing": "memfd"}  # fmt: skip
    pace = {**plain, "pattern": "pace", "schedule": "poisson", "rate_per_s": 2000, "reply_bytes": 0}
    retry = {**plain, "pattern": "retry", "think_ns": 60_000}
    detect = {**plain, "pattern": "detect"}
    spun = [{**ask, "spin_budget_ns": b, "think_ns": m}
            for b in (0, 1000, 6000, 50_000) for m in (5000, 100_000)]  # fmt: skip
    return [
        ("batching", [{**pour, "batch": b} for b in (1, 4, 20, 64)]),
        ("timeout", spun),
        ("timeout", [{**pace, "poll_interval_ns": i} for i in (0, 50_000, 500_000)]),
        ("timeout", [{**retry, "timeout_ns": t} for t in (20_000, 60_000, "inf")]),
        ("timeout", [{**detect, "timeout_ns": t, "peer": p} for t in (1_000_000, 10_000_000)
                     for p in ("killed", "stopped")]),
    ]  # fmt: skip


def made(record: dict[str, Any]) -> bool:
    """Whether a record is one of these."""
    case = record["case"]
    return record["experiment"] == "batching" and case["pattern"] == "pour" or "peer" in case


def measure(record: dict[str, Any], luck: float, rng: np.random.Generator) -> None:
    """By the case's pattern; CPU time per message of one end in `cpu_each`."""
    KINDS[record["case"]["pattern"]](record, record["case"], luck, rng)


def _pour(record: dict[str, Any], case: dict[str, Any], luck: float, rng: Any) -> None:
    each = luck * (SHARED_NS / 4 + SHARED_NS / case["batch"])
    times = (each * np.exp(rng.normal(0, 0.01, 32))).round(2).tolist()
    record["windows"] = {"messages_each": 100, "ns_per_message": times, "cpu_ns_per_message": each}
    record["messages"], record["cpu_each"] = 3200, each / 2


def _ask(record: dict[str, Any], case: dict[str, Any], luck: float, rng: Any) -> None:
    """A budget that lasts as long as the thinking saves two wake-ups, and burns what it spins."""
    budget, think = case["spin_budget_ns"], case["think_ns"]
    asleep = 2 * WAKE_UP_NS * (budget < think)
    centre = luck * (OWN_NS - 2 * WAKE_UP_NS + 1000 + think + asleep)
    times = (centre * np.exp(rng.normal(0, 0.01, 32))).round(2).tolist()
    spent = luck * (1000 + asleep + min(budget, think)) + think
    record["windows"] = {"messages_each": 100, "ns_per_message": times, "cpu_ns_per_message": spent}
    _timed(record, "round_trip_ns", centre * np.exp(rng.normal(0, 0.04, 400)))
    record["messages"], record["cpu_each"] = 3600, spent / 2


def _pace(record: dict[str, Any], case: dict[str, Any], luck: float, rng: Any) -> None:
    """A message waits for the next look, half an interval on average."""
    interval, rate = case["poll_interval_ns"], case["rate_per_s"]
    response = luck * OWN_NS * np.exp(rng.normal(0, 0.02, 2000))
    _timed(record, "response_ns", response + rng.uniform(0, 1, 2000) * interval)
    looks = 2000 * 1e9 / (rate * interval) if interval else 0
    cpu = luck * LOOK_NS * looks / 2000 if interval else luck * 2500
    record["values"] = {"overloaded": 0, "offered_per_s": rate, "achieved_per_s": rate * 0.999,
                        "receiver_cpu_ns_per_message": cpu, "looks": looks, "batch_fill": 1.0}  # fmt: skip
    record["messages"], record["cpu_each"] = 2000, cpu


def _retry(record: dict[str, Any], case: dict[str, Any], luck: float, rng: Any) -> None:
    """The server thinks for an exponential time: late is what takes longer than until the timeout fires."""
    times = luck * (OWN_NS + rng.exponential(case["think_ns"], 2000))
    timeout = math.inf if case["timeout_ns"] == "inf" else case["timeout_ns"]
    late = float((times > timeout + OVERSHOOT_NS).mean())
    _timed(record, "round_trip_ns", times)
    record["values"] = {"late_share": late, "retries_per_request": late}
    record["messages"], record["cpu_each"] = 2000, luck * 3000


def _detect(record: dict[str, Any], case: dict[str, Any], luck: float, rng: Any) -> None:
    """An error tells at once of a server that was killed; of one that was stopped only the timeout does."""
    killed = case["peer"] == "killed"
    centre = 80_000 if killed else case["timeout_ns"]
    _timed(record, "detection_ns", luck * centre * np.exp(rng.normal(0, 0.01, LOSSES)))
    record["values"] = {"told_by_error": LOSSES if killed else 0, "false_alarms": 0}
    record["messages"], record["cpu_each"] = LOSSES, 0.0
    record["metric"] = {**record["metric"], "quantity": "detection_ns"}


def _timed(record: dict[str, Any], name: str, times: Any) -> None:
    record["histograms"] = {name: Histogram.of(times).encode()}


KINDS = {"pour": _pour, "ask": _ask, "pace": _pace, "retry": _retry, "detect": _detect}
