"""The parts of the synthetic run that are not a closed loop: paced load, timeouts, and its papers."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from typing import Any

import numpy as np

import shootdown_model
from histogram import Histogram

ARRIVALS = 2000
SLACK_NS = 52_000  # a sleeping timeout fires this late: 50 us timer slack and the wake


def batching(base: dict[str, Any]) -> list[dict[str, Any]]:
    paced = {**base, "pattern": "pace", "schedule": "poisson", "reply_bytes": 0}
    grid = [(r, b, f) for r in (10_000, 100_000) for b in (1, 4, 16, 64)
            for f in (10_000, 100_000, 1_000_000, "inf")]  # fmt: skip
    return [{**paced, "rate_per_s": r, "batch": b, "flush_ns": f} for r, b, f in grid]


def timeouts(base: dict[str, Any]) -> list[dict[str, Any]]:
    expire = {**base, "pattern": "expire", "message_bytes": 64, "reply_bytes": 0}
    cases = [{**expire, "timeout_ns": t} for t in (0, 10_000, 100_000, 1_000_000, 10_000_000)]
    ask = {**base, "pattern": "ask", "reply_bytes": 64}
    cases += [{**ask, "timeout_ns": t} for t in (1_000_000_000, "inf")]
    if base["backing"] != "none":
        spun = {**ask, "wait": "spin_then_block"}
        cases += [{**spun, "spin_budget_ns": b} for b in (1000, 5000, 20_000, 100_000)]
    return cases


def spin_saving(case: dict[str, Any]) -> float:
    """A budget longer than the reply takes saves the sleep: short ones cost it on top."""
    if case["wait"] != "spin_then_block":
        return 1.0
    return 1.0 if case["spin_budget_ns"] > 10_000 else 40.0


def pace(record: dict[str, Any], service_ns: float, rng: np.random.Generator) -> None:
    """Poisson arrivals, batches that leave when full or when their first message has waited."""
    case = record["case"]
    batch, flush = case["batch"], math.inf if case["flush_ns"] == "inf" else case["flush_ns"]
    due = np.cumsum(rng.exponential(1e9 / case["rate_per_s"], ARRIVALS))
    leave, starts = leaving(due.tolist(), batch, flush)
    cost = service_ns * np.exp(rng.normal(0, 0.05, ARRIVALS))
    overloaded = int(service_ns / min(batch, 4) * case["rate_per_s"] > 0.5e9)
    fill = ARRIVALS / starts
    record["histograms"] = {
        "response_ns": Histogram.of(
            leave - due + cost + overloaded * (due - due[0]) * 0.1
        ).encode(),
        "wait_ns": Histogram.of(leave - due).encode(),
        "send_lag_ns": Histogram.of(rng.exponential(60, ARRIVALS)).encode(),
    }
    record["values"] = {
        "offered_per_s": case["rate_per_s"],
        "achieved_per_s": case["rate_per_s"] * (0.9 if overloaded else 0.999),
        "batch_fill": fill, "flushes": starts, "clock_offset_bound_ns": 60.0,
        "overloaded": overloaded,
    }  # fmt: skip
    record["messages"] = ARRIVALS
    record["cpu_each"] = 300 + service_ns / fill


def leaving(due: list[float], batch: int, flush: float) -> tuple[np.ndarray, int]:
    """When each message leaves, and with how many batches."""
    leave: list[float] = []
    batches = 0
    while (first := len(leave)) < len(due):
        full = first + batch - 1
        at = min(due[full] if full < len(due) else math.inf, due[first] + flush)
        last = bisect_right(due, at, first)
        last = max(min(last, first + batch), first + 1)
        leave += [at if math.isfinite(at) else due[-1]] * (last - first)
        batches += 1
    return np.array(leave), batches


def expire(record: dict[str, Any], rng: np.random.Generator) -> None:
    case = record["case"]
    late = 40.0 if case["wait"] == "spin" or case["timeout_ns"] == 0 else SLACK_NS
    over = late * np.exp(rng.normal(0, 0.1, 400)) + rng.exponential(late / 10, 400)
    record["histograms"] = {"overshoot_ns": Histogram.of(over).encode()}
    record["values"] = {"early": 0}
    spinning = case["timeout_ns"] if case["wait"] == "spin" else 0
    record["messages"], record["cpu_each"] = 400, (spinning + 2500) / 2


def fail_one(records: list[dict[str, Any]]) -> None:
    """One case of one launch dies, so that failure is seen in every report: a round trip, if any were timed."""
    fit = [r for r in records if r["case"]["transport"] == "tcp" and r["status"] == "ok"]
    for record in sorted(fit, key=lambda r: r["experiment"] != "latency")[:1]:
        record |= {"status": "failed", "reason": "server: killed by signal 9", "messages": 0}
        record |= {"windows": None, "histograms": {}, "values": {}, "roles": []}


def manifest(
    records: list[dict[str, Any]], seed: int, blocks: int, launches: int
) -> dict[str, Any]:
    count = Counter(r["status"] for r in records)
    probe = {"noise": [{"cpu": 0, "gaps": 12, "longest_ns": 91000, "stolen_ppm": 40.0}]}
    return {
        "schema": 1, "run": "synthetic", "plan": {"blocks": blocks}, "plan_name": "quick",
        "seed": seed, "argv": ["ipcmark", "run", "all"], "commit": "0123456789abcdef", "dirty": False,
        "version": "0.1.0", "started_unix_ns": 1_700_000_000_000_000_000,
        "finished_unix_ns": 1_700_000_220_000_000_000, "interrupted": False,
        "cases_planned": len(records), "cases_ok": count["ok"], "cases_skipped": count["skipped"],
        "cases_failed": count["failed"], "launches_planned": launches, "launches_done": launches,
        "blocks": blocks, "stopped": "blocks done", "allowed": [],
        "clock": {"method": "rdtsc", "ticks_per_ns": 2.8, "quantum_ns": 10.0, "cost_min_ns": 9.0,
                  "cost_p50_ns": 9.4, "cost_p99_ns": 19.0, "calibration_error_ppm": 3.0},
        "probes": [
            {"block": b, "when": w, **probe}
            for b in range(blocks) for w in ("start",)
        ],
    }  # fmt: skip


ENVIRONMENT: dict[str, Any] = {
    "machine": {"key": "3f2a9c", "arch": "x86_64", "cpu_model": "Synthetic CPU 2000", "cores": 2},
    "epoch": {"key": "77b01e", "kernel": "6.1.0-synthetic", "governor": "performance"},
    "build": {"key": "d00df0", "compiler": "g++ 12.2.0", "flags": "-O3"},
    "facts": {"boot_id": "0", "aslr": "2", "thp": "madvise"},
    "doubts": [
        {"check": "isolation", "message": "CPUs 0 and 1 are not isolated",
         "remedy": "boot with isolcpus=1"},
        {"check": "hypervisor", "message": "virtual machine: the host moves virtual CPUs",
         "remedy": "run on bare metal"},
    ],
}  # fmt: skip


QUANTITY = {
    "system_calls": {"quantity": "system_calls_per_message"},
    "counters": {"quantity": "events_per_message"},
    "life_cycle": {"quantity": "cycle_ns"},
    "false_sharing": {"quantity": "operation_ns"},
    "tlb_shootdown": {"quantity": "trigger_ns"},
}
PHASES_NS = {
    "open_ns": 10_000, "connect_ns": 100_000, "first_message_ns": 60_000, "close_ns": 7_000,
    "remove_ns": 12_000,
}  # fmt: skip


def counted(record: dict[str, Any], _luck: float, _rng: np.random.Generator) -> None:
    """Two calls a message, and one more in vain for each that a spinning end waits for."""
    vain = 256 if record["case"]["wait"] == "spin" else 0
    ways = 2 if record["case"]["pattern"] == "ping" else 1
    calls = {
        "read": {"ok": 256, "again": vain, "error": 0},
        "write": {"ok": 256, "again": 0, "error": 0},
    }
    both = [calls, calls] if ways == 2 else [{"write": calls["write"]}, {"read": calls["read"]}]
    record["messages"] = 256
    record["values"] = {
        "ok_per_message": 2,
        "again_per_message": vain / 256,
        "error_per_message": 0,
    }
    record["values"]["system_calls_per_message"] = 2 + vain / 256
    record["roles"] = [
        {"role": name, "index": 0, "messages": 256, "system_calls": mine, "counted_by": "ptrace"}
        for name, mine in zip(("client", "server"), both)
    ]


EVENTS = {
    "scheduling": {"context_switches": {"all": 256}, "minor_faults": {"user": 64, "kernel": 32}},
    "coherence": {"hitm": {"user": 512, "kernel": None}},  # half of it had to share the PMU
}


def events(record: dict[str, Any], _luck: float, _rng: np.random.Generator) -> None:
    """As many of each end as EVENTS says, among 256 round trips."""
    counters = EVENTS[record["case"]["counters"]]
    record["messages"], record["values"] = 256, {"voluntary_switches_per_message": 1.0}
    for name, parts in counters.items():
        told = {f"{name}_{p}": n for p, n in parts.items() if p != "all" and n is not None}
        told |= {name: sum(parts.values())} if None not in parts.values() else {}
        record["values"] |= {f"{n}_per_message": 2 * many / 512 for n, many in told.items()}
    record["events"] = {name: "kernel" for name in counters}
    record["roles"] = [
        {"role": name, "index": 0, "messages": 256, "counters": counters, "cpu_ns": 10_000,
         "counters_missing": "hitm kernel: multiplexed"}
        for name in ("client", "server")
    ]  # fmt: skip


def life(record: dict[str, Any], luck: float, rng: np.random.Generator) -> None:
    """Each phase as long as PHASES_NS says, with a launch's luck."""
    record["messages"], whole = 24, np.zeros(24)
    for name, centre in PHASES_NS.items():
        times = centre * luck * np.exp(rng.normal(0, 0.05, 24))
        whole += times
        record["histograms"][name] = Histogram.of(times).encode()
    record["histograms"]["cycle_ns"] = Histogram.of(whole).encode()
    record["roles"] = [{"role": name, "index": 0, "messages": 25} for name in ("client", "server")]


def contended(record: dict[str, Any], luck: float, rng: np.random.Generator) -> None:
    """Below 64 B a neighbour doubles an operation; stores feel nothing."""
    case = record["case"]
    near = case["distance_bytes"] < 64 and case["operation"] != "store"
    solo = 60 * luck * np.exp(rng.normal(0, 0.002, 16))
    both = solo * (2 if near else 1)
    record["rounds"] = {"ns": both.tolist(), "solo_ns": solo.tolist()}
    record["windows"] = {"messages_each": 1000, "ns_per_message": both.tolist(), "cpu_ns_per_message": 100}  # fmt: skip
    record["histograms"]["operation_ns"] = Histogram.of(both).encode()


def struck(record: dict[str, Any], luck: float, rng: np.random.Generator) -> None:
    """Interrupts as promised; 50 ns a page up to 33 pages, then all at once."""
    pages, hits = record["case"]["flush_pages"], shootdown_model.expected(record["case"])
    stall = (5000 + 50 * pages if pages <= 33 else 5500) if hits[0] else 30
    noise = luck * np.exp(rng.normal(0, 0.01, 100))
    record["histograms"]["trigger_ns"] = Histogram.of(2 * stall * noise).encode()
    record["histograms"]["stall_ns"] = Histogram.of(stall * noise).encode()
    record["values"] = dict(zip(("tlb_per_operation", "calls_per_operation"), hits))


UNTIMED = {
    "system_calls": counted,
    "counters": events,
    "life_cycle": life,
    "false_sharing": contended,
    "tlb_shootdown": struck,
}
