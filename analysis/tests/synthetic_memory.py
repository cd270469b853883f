"""The parts of the synthetic run about shared memory's correctness: orders, nodes that come back, addresses, copies saved."""

from __future__ import annotations

from typing import Any

import numpy as np

from histogram import Histogram

ROUNDS = 100_000
UPDATE_NS = 4.5
TIMES = {"relaxed": 1.0, "release_acquire": 1.0, "seq_cst": 3.0, "fences": 4.0}
MORE_NS = {"raw": 0.0, "offset64": 0.2, "offset32": 0.2, "self_relative": 0.2}
COUNTED_NS = {0: 0.0, 16: 2.0, 64: 6.0}  # what a counter of so many bits adds to a pop and a push


def cases(base: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    line = {**base, "transport": "cache_line", "backing": "memfd", "wait": "spin", "message_bytes": 8,
            "reply_bytes": 8}  # fmt: skip
    found = []
    for structure in ("state", "indices", "message_passing", "store_buffering"):
        rounds = ROUNDS if structure.endswith("ing") else 0
        told = {**line, "structure": structure, "rounds": rounds}
        found.append(("memory_order", [{**told, "publication": p} for p in TIMES]))
    found.append(("aba", [{**line, "structure": "stack", "counter_bits": b} for b in COUNTED_NS]))
    stalled = {**line, "structure": "stalled_pop"}
    found.append(("aba", [{**stalled, "counter_bits": b, "advance": a} for b in (8, 16)
                          for a in ("one_less", "exact", "one_more")]))  # fmt: skip
    lists = [{**line, "pointers": p, "working_pages": w} for p in MORE_NS for w in (1, 16)]
    found.append(("offset_pointers", lists))
    for transport, access in (("pipe", "copy"), ("fifo", "copy"), ("vmsplice", "in_place")):
        way = {**base, "transport": transport, "access": access, "pattern": "ask", "wait": "spin"}
        sizes = [{**way, "message_bytes": s, "reply_bytes": 8} for s in (4096, 65536, 1 << 18)]
        found.append(("remapping", sizes))
    return found


def _paired(
    record: dict[str, Any], baseline: str, without: np.ndarray, added: Any, rng: np.random.Generator
) -> None:
    both = (without + added) * np.exp(rng.normal(0, 0.001, 16))
    record["rounds"] = {"ns": both.tolist(), baseline: without.tolist()}
    _windows(record, both)


def _windows(record: dict[str, Any], each: np.ndarray) -> None:
    record["windows"] = {"messages_each": 1000, "ns_per_message": each.tolist(), "cpu_ns_per_message": 100}  # fmt: skip


def _alone(ns: float, luck: float, rng: np.random.Generator) -> np.ndarray:
    return ns * luck * np.exp(rng.normal(0, 0.001, 16))


def ordered(record: dict[str, Any], luck: float, rng: np.random.Generator) -> None:
    """One round in ten shows store buffering where it is allowed; message passing never fails."""
    case = record["case"]
    if case["rounds"]:
        weak = case["structure"] == "store_buffering" and case["publication"] in ("relaxed", "release_acquire")  # fmt: skip
        seen = int(rng.binomial(ROUNDS, 0.1)) if weak else 0
        record["values"] = {"rounds": ROUNDS, "weak": seen, "outcome_01": 1000, "outcome_11": 1000}
        return _windows(record, _alone(50, luck, rng))
    relaxed = _alone(100, luck, rng)
    _paired(record, "relaxed_ns", relaxed, relaxed * (TIMES[case["publication"]] - 1), rng)


def reused(record: dict[str, Any], luck: float, rng: np.random.Generator) -> None:
    case = record["case"]
    if case["structure"] == "stalled_pop":
        missed = 50 if case["advance"] == "exact" else 0
        record["values"] = {"trials": 50, "updates": 1 << case["counter_bits"], "undetected": missed,
                            "corrupted": missed}  # fmt: skip
        return _windows(record, _alone(UPDATE_NS, luck, rng))
    broken = 0 if case["counter_bits"] else int(rng.binomial(40, 0.3))
    record["values"] = {"storms": 40, "storms_corrupted": broken, "held_twice": 9 * broken, "nodes_lost": broken}  # fmt: skip
    record["histograms"]["storm_ns"] = Histogram.of(300 * np.ones(40)).encode()
    _paired(record, "naked_ns", _alone(7, luck, rng), COUNTED_NS[case["counter_bits"]], rng)


def hopped(record: dict[str, Any], luck: float, rng: np.random.Generator) -> None:
    """Raw pointers kill their reader, or mislead it; offsets arrive."""
    kind = record["case"]["pointers"]
    came = {"elsewhere": "faults", "occupied": "wrong"} if kind == "raw" else dict.fromkeys(("elsewhere", "occupied"), "right")  # fmt: skip
    for left, what in came.items():
        record["values"] |= {f"{left}_{c}": 8 * (c == what) for c in ("right", "wrong", "faults")}
        record["values"][f"{left}_trials"] = 8
    _paired(record, "raw_ns", _alone(1.4, luck, rng), MORE_NS[kind], rng)


def copied(record: dict[str, Any], luck: float, rng: np.random.Generator) -> None:
    """Half the time a byte for pages that are handed over, and twice the fixed cost."""
    one = record["case"]["transport"] == "vmsplice"
    ns = (4000 if one else 2000) + (0.1 if one else 0.2) * record["case"]["message_bytes"]
    _windows(record, _alone(ns, luck, rng))


QUANTITY = {
    "memory_order": {"quantity": "round_trip_ns"},
    "aba": {"quantity": "operation_ns"},
    "offset_pointers": {"quantity": "hop_ns"},
}
MADE = {"memory_order": ordered, "aba": reused, "offset_pointers": hopped, "remapping": copied}
