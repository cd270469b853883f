"""The parts of the synthetic run that are about mixtures, hand-offs and urgent messages; all with known answers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from histogram import Histogram

# A message costs its queue A + B_QUEUE a byte, or shared memory A + MORE + B_SHM a byte: equal at TRUE_T.
A_NS, B_QUEUE, MORE_NS, B_SHM = 3000.0, 0.30, 900.0, 0.05
TRUE_T = MORE_NS / (B_QUEUE - B_SHM)
MIXED_TS = (0, 256, 1024, 2048, 4096, 8192, 16384, "inf")
MEASURED_T = {"log_normal": 3600, "bimodal": 40}  # the second sends control messages the dearer way
WAKE_NS, SWITCH_NS, HALT_NS = 1500.0, 1200.0, 40_000.0  # of a hand-off
WORK_NS = {"pipe": 800.0, "posix_mq": 1000.0, "futex": 400.0, "cache_line": 60.0}
SEND_NS, TAKE_NS = 900.0, 700.0  # of a message into and out of a backlog
URGENT_FIRST = {("posix_mq", "priority"), ("sysv_mq", "type_own"), ("sysv_mq", "type_lowest")}


def mixtures(base: dict[str, Any]) -> list[dict[str, Any]]:
    """One hybrid's T and ends, and its measured T, for one distribution."""
    case = {**base, "pattern": "pace", "schedule": "poisson", "reply_bytes": 0, "rate_per_s": 5000,
            "message_bytes": 65536, "transport": "hybrid_pipe", "backing": "memfd", "flush_ns": "inf"}  # fmt: skip
    path = {0: "shm", "inf": "queue"}
    ladder = [{**case, "threshold_bytes": T, "path": path.get(T, "fixed")} for T in MIXED_TS]
    auto = {**case, "path": "auto", "threshold_bytes": MEASURED_T[base["sizes"]]}
    return [*ladder, auto]


def handoffs(base: dict[str, Any]) -> list[dict[str, Any]]:
    """Every mechanism on one CPU, across two, and across two that sleep deep."""
    found = []
    for name in WORK_NS:
        wait = "yield" if name == "cache_line" else "block"
        case = {**base, "transport": name, "message_bytes": 4, "reply_bytes": 4, "wait": wait}
        places = [("same_core", "polling"), ("same_llc", "polling"), ("same_llc", "default")]
        found += [{**case, "placement": p, "idle": i} for p, i in places]
    return found


def priorities(base: dict[str, Any]) -> list[dict[str, Any]]:
    """POSIX priorities, System V types in each way, and FIFO."""
    case = {**base, "pattern": "overtake", "message_bytes": 64, "reply_bytes": 0}
    ways = [("posix_mq", w) for w in ("fifo", "priority")]
    types = ("fifo", "type_first", "type_own", "type_lowest", "type_highest")
    ways += [("sysv_mq", w) for w in types]
    return [
        {**case, "transport": t, "precedence": w, "backlog": b} for t, w in ways for b in (1, 8, 64)
    ]


def drawn(case: dict[str, Any], block: int) -> np.ndarray:
    """The sizes of a block: the same for every T."""
    rng = np.random.default_rng(1000 + block)
    if case["sizes"] == "bimodal":
        return np.where(rng.random(2000) < 0.9, 64, case["message_bytes"])
    return np.clip(np.exp(rng.normal(math.log(1024), 2, 2000)), 1, case["message_bytes"])


def mixed(record: dict[str, Any], luck: float, rng: np.random.Generator) -> None:
    """Each message goes the way T says."""
    case = record["case"]
    limit = math.inf if case["threshold_bytes"] == "inf" else case["threshold_bytes"]
    sizes = drawn(case, record["block"])
    each = A_NS + np.where(sizes <= limit, B_QUEUE * sizes, MORE_NS + B_SHM * sizes)
    noise = luck * rng.normal(1, 0.003)
    record["histograms"]["response_ns"] = Histogram.of(each * noise).encode()
    record["histograms"]["send_lag_ns"] = Histogram.of(rng.exponential(60, len(each))).encode()
    record["values"] = {
        "stream_ns_per_message": float(each.mean() * noise),
        "stream_cpu_ns_per_message": float(each.mean() * noise * 1.4),
        "mean_bytes": float(sizes.mean()), "streamed": 2000, "overloaded": 0, "offered_per_s": 5000,
        "achieved_per_s": 4999, "cpu_ns_per_message": 200_000,
    }  # fmt: skip
    record["messages"] = 4000
    record["roles"] = [_role(name, 4000, 0) for name in ("client", "server")]


def handed(record: dict[str, Any], luck: float, rng: np.random.Generator) -> None:
    """Two hand-offs a round trip: the mechanism's work, a wake-up and a switch."""
    case = record["case"]
    asleep = case["wait"] == "block"
    one = WORK_NS[case["transport"]]
    if case["placement"] == "same_core":
        one += SWITCH_NS + (WAKE_NS if asleep else 0)
    elif asleep:
        one += WAKE_NS + (HALT_NS if case["idle"] == "default" else 0)
    each = (2 * one * luck * np.exp(rng.normal(0, 0.01, 32))).round(2).tolist()
    record["windows"] = {"messages_each": 100, "ns_per_message": each, "cpu_ns_per_message": one}
    body = 2 * one * luck * np.exp(rng.normal(0, 0.03, 400))
    record["histograms"]["round_trip_ns"] = Histogram.of(body).encode()
    record["messages"], record["warmup"] = 3600, {"ns": 0, "messages": 400}
    switches = 4000 if asleep else 0
    record["roles"] = [_role(name, 3600, switches) for name in ("client", "server")]


def overtaken(record: dict[str, Any], luck: float, rng: np.random.Generator) -> None:
    """An urgent message waits for those received before it, and for its own receive."""
    case = record["case"]
    first = (case["transport"], case["precedence"]) in URGENT_FIRST
    position = 1 if first else case["backlog"] + 1
    noise = luck * np.exp(rng.normal(0, 0.02, 100))
    record["histograms"] = {
        "urgent_ns": Histogram.of(position * TAKE_NS * noise).encode(),
        "urgent_send_ns": Histogram.of(SEND_NS * noise).encode(),
        "drain_ns": Histogram.of((case["backlog"] + 1) * TAKE_NS * noise).encode(),
    }
    record["values"] = {
        "urgent_position": position,
        "fill_ns_per_message": SEND_NS * luck,
        "drain_ns_per_message": TAKE_NS * luck,
    }
    record["messages"] = 100 * (case["backlog"] + 1)
    record["roles"] = [_role(name, record["messages"], 0) for name in ("client", "server")]


def _role(name: str, messages: int, switches: int) -> dict[str, Any]:
    return {"role": name, "index": 0, "messages": messages, "cpu_ns": 700 * messages,
            "voluntary_switches": switches, "involuntary_switches": 0}  # fmt: skip


MEASURED = {"mixture": mixed, "handoff": handed, "priority": overtaken}


def ladders(base: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """All launches of a block: experiment and ladder."""
    neutral = {**base, "sizes": "one", "backlog": 0, "precedence": "none"}
    found = [("mixture", mixtures({**neutral, "sizes": sizes})) for sizes in MEASURED_T]
    found += [("handoff", [case]) for case in handoffs(neutral)]
    return found + [("priority", [case]) for case in priorities(neutral)]
