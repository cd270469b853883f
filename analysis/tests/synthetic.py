"""A seeded run folder, true to the schema, with known answers: what the analysis is tested on.

Costs follow C_q(s) = a_q + b_q s through the queue and C_h(s) = a_q + a_s + b_q d + b_s s through shared memory, so
T = (a_s + b_q d) / (b_q - b_s) is known. One hybrid crosses, one never does, one crosses twice.

    synthetic.py FOLDER [--blocks 6] [--seed 1] [--dense]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

import synthetic_flow
import synthetic_curve
import synthetic_load
import synthetic_memory
import synthetic_mixture
import synthetic_timing
from histogram import Histogram

DESCRIPTOR = 32
# name: (a_q, b_q, a_s, b_s, largest message); round trip ns and ns per byte
QUEUES: dict[str, tuple[float, float, float, float, int]] = {
    "pipe": (4900, 0.30, 900, 0.05, 1 << 20),
    "unix_stream": (7100, 0.12, 1200, 0.04, 1 << 20),
    "tcp": (11300, 0.22, 1500, 0.05, 1 << 20),  # crosses twice
    "posix_mq": (5500, 0.20, 4000, 0.06, 8192),
}
RINGS = {"copy": (124, 0.055), "in_place": (128, 0.032)}
SIZES = (1, 8, 64, 512, 4096, 8192, 16384, 65536, 262144, 1 << 20)
HALF_OCTAVES = [int(2 ** (e / 2)) for e in range(22, 37)]  # 2 KiB to 256 KiB: around every T
QUANTITY = {**synthetic_load.QUANTITY, **synthetic_flow.QUANTITY, **synthetic_memory.QUANTITY}
MADE = {**synthetic_load.UNTIMED, **synthetic_flow.MEASURED, **synthetic_memory.MADE}
QUANTITIES = {"pour": "stream_ns_per_message", "pace": "response_ns", "expire": "overshoot_ns",
              "overtake": "urgent_ns"}  # fmt: skip

BASE = {
    "transport": "pipe", "pattern": "ping", "message_bytes": 64, "reply_bytes": 64, "batch": 1,
    "flush_ns": 0, "rate_per_s": 0, "schedule": "closed", "timeout_ns": "inf", "spin_budget_ns": 0,
    "threshold_bytes": -1, "path": "raw", "wait": "block", "touch": "full", "access": "copy",
    "backing": "none", "depth": 0, "placement": "same_llc", "idle": "polling", "roles": "process",
    "policy": "other", "home": "server", "delay_ns": 0,
    "consumers": 1,
}  # fmt: skip


def true_T(queue: str) -> float:
    """The payload size, in bytes, from which a queue's hybrid path is the faster one."""
    _, b_q, a_s, b_s, _ = QUEUES[queue]
    return (a_s + b_q * DESCRIPTOR) / (b_q - b_s)


def cost(case: dict[str, Any]) -> float:
    """Round trip in ns of a case, without noise."""
    name, size = case["transport"], case["message_bytes"]
    back = size if case["pattern"] == "ping" else case["reply_bytes"]
    if name == "cache_line":
        return 118.0
    if name == "core_stream":
        return 60 + 0.016 * size
    if name == "shm_ring":
        a, b = RINGS[case["access"]]
        asleep = 4600 if case["wait"] == "block" else 0
        return asleep + a + b * (size + back) / 2 * (1 + (size > 1 << 18))
    queue = name.removeprefix("hybrid_")
    a_q, b_q, a_s, b_s, _ = QUEUES[queue]
    b_s *= 8 if queue == "tcp" and size > 65536 else 1  # a regime: the queue wins again
    through_shm = case["path"] == "shm" or (
        case["path"] == "auto" and size > case["threshold_bytes"]
    )
    way = lambda s: a_s + b_q * DESCRIPTOR + b_s * s if through_shm else b_q * s  # noqa: E731
    if case["pattern"] == "ping":
        return a_q + (way(size) + way(back)) / 2
    return a_q + way(size) + b_q * back  # a small reply goes through the queue on both paths


class Writer:
    """Records of a run, in memory until they are written."""

    def __init__(self, seed: int, samples: int, two_levels: bool) -> None:
        self.rng = np.random.default_rng(seed)
        self.samples, self.two_levels = samples, two_levels
        self.records: list[dict[str, Any]] = []
        self.launches = 0

    def launch(self, experiment: str, block: int, cases: list[dict[str, Any]]) -> None:
        """One launch of a ladder of cases: they share its luck."""
        luck = float(np.exp(self.rng.normal(0, 0.02)))
        far = self.two_levels and self.rng.random() < 0.25
        for rung in self.rng.permutation(len(cases)):
            record = self._empty(experiment, block, int(rung), cases[rung])
            if record["status"] == "ok":
                self._measure(record, luck * (1.35 if far else 1), 510.0 if far else 119.0)
            self.records.append(record)
        self.launches += 1

    def _empty(
        self, experiment: str, block: int, rung: int, case: dict[str, Any]
    ) -> dict[str, Any]:
        limit = QUEUES.get(case["transport"].removeprefix("hybrid_"), (0,) * 4 + (1 << 40,))[4]
        over = case["message_bytes"] > limit and case["path"] in ("raw", "queue")
        return {
            "schema": 1, "run": "synthetic", "experiment": experiment, "block": block,
            "launch_id": f"b{block:03d}-l{self.launches:04d}", "launch_order": self.launches,
            "rung": rung, "started_unix_ns": 1_700_000_000_000_000_000 + self.launches * 10**9,
            "status": "skipped" if over else "ok",
            "reason": "mq_open: Invalid argument" if over else "",
            "case": case, "metric": _metric(case) | QUANTITY.get(experiment, {}), "messages": 0, "windows": None,
            "histograms": {}, "values": {}, "roles": [], "canary": None,
            "warmup": {"ns": 20_000_000, "messages": 1000}, "machine": {}, "allowed": [],
        }  # fmt: skip

    def _measure(self, record: dict[str, Any], luck: float, canary: float) -> None:
        case, rng = record["case"], self.rng
        if record["experiment"] in MADE:
            MADE[record["experiment"]](record, luck, rng)
            return
        record["canary"] = {"before_ns": canary, "after_ns": canary * rng.normal(1, 0.005)}
        if record["experiment"] in synthetic_mixture.MEASURED:
            synthetic_mixture.MEASURED[record["experiment"]](record, luck, rng)
            return
        centre = cost(case) * luck
        if synthetic_timing.made(record):
            synthetic_timing.measure(record, luck, rng)
        elif record["experiment"] == "load":
            synthetic_curve.measure(record, centre / 2, rng)
        elif case["pattern"] == "pace":
            synthetic_load.pace(record, centre / 2, rng)
        elif case["pattern"] == "expire":
            synthetic_load.expire(record, rng)
        else:
            self._closed(record, centre)
        cpu = record.pop("cpu_each")
        names = ("client", "server")
        record["roles"] = [_role(name, i, cpu, record["messages"]) for i, name in enumerate(names)]

    def _closed(self, record: dict[str, Any], centre: float) -> None:
        case, rng = record["case"], self.rng
        if case["pattern"] == "pour":
            centre = max(
                centre / 2 / (1 if case["batch"] == 1 else 3), case["message_bytes"] * 0.01
            )
            record["values"] = {"bytes_per_s": case["message_bytes"] / centre * 1e9}
            record["values"] |= {"elapsed_ns": 32 * 100 * centre, "slots": 1024}
        centre *= synthetic_load.spin_saving(case)
        each = (centre * np.exp(rng.normal(0, 0.01, 32))).round(2).tolist()
        share = {"spin": 2.0, "block": 0.9}.get(case["wait"], 1.4)
        record["windows"] = {
            "messages_each": 100, "ns_per_message": each, "cpu_ns_per_message": centre * share
        }  # fmt: skip
        record["messages"], record["cpu_each"] = 3200, centre * share / 2
        if case["pattern"] != "pour":
            body = centre * np.exp(rng.normal(0, 0.04, self.samples))
            slow = rng.random(self.samples) < 0.004
            body[slow] *= 1 + rng.exponential(3, slow.sum())
            record["histograms"]["round_trip_ns"] = Histogram.of(body).encode()
            record["messages"] += self.samples


def _metric(case: dict[str, Any]) -> dict[str, Any]:
    pattern = case["pattern"]
    return {
        "quantity": QUANTITIES.get(pattern, "round_trip_ns"),
        "loop": "open" if pattern == "pace" else "closed",
        "asked_bytes": case["message_bytes"], "answered_bytes": case["reply_bytes"],
        "touched_by": "both", "copies": 1 if case["backing"] != "none" else 2, "verified": True,
    }  # fmt: skip


def _role(name: str, index: int, cpu_ns: float, messages: int) -> dict[str, Any]:
    return {
        "role": name, "index": 0, "kind": "process", "pid": 4000 + index, "cpu": index,
        "cpus_seen": [index], "cpu_ns": round(cpu_ns * messages), "messages": messages,
        "user_ns": None, "system_ns": None, "voluntary_switches": messages,
        "involuntary_switches": 2, "minor_faults": 0, "major_faults": 0, "migrations": 0,
        "run_queue_wait_ns": 900, "counters": {}, "counters_missing": "no PMU",
    }  # fmt: skip


def ladders(dense: bool) -> list[tuple[str, list[dict[str, Any]]]]:
    """All launches of one block: experiment and its ladder of cases."""
    sizes = sorted({*SIZES, *(int(2 ** (e / 2)) for e in range(1, 41))}) if dense else SIZES
    found: list[tuple[str, list[dict[str, Any]]]] = []
    shm = {"backing": "memfd", "wait": "spin"}
    paths: list[dict[str, Any]] = [{"transport": q} for q in QUEUES]
    paths += [{"transport": "shm_ring", "access": a, **shm} for a in RINGS]
    paths += [{"transport": "shm_ring", **shm, "wait": "block"}]
    for path in [*paths, {"transport": "cache_line", **shm, "access": "in_place"}]:
        fits = sizes if path["transport"] != "cache_line" else [s for s in sizes if s <= 56]
        ping = [{**BASE, **path, "message_bytes": s, "reply_bytes": s} for s in fits]
        found.append(("latency", ping))
    for path in [*paths, {"transport": "core_stream", **shm, "access": "in_place"}]:
        pour = {**BASE, **path, "pattern": "pour", "reply_bytes": 0}
        ladder = [{**pour, "message_bytes": s, "batch": b} for s in sizes if s > 4 for b in (1, 32)]
        found.append(("throughput", ladder))
    for queue in QUEUES:
        hybrid = {**BASE, "transport": f"hybrid_{queue}", "backing": "memfd"}
        for experiment, pattern, reply in (("latency", "ping", None), ("crossover", "ask", 8)):
            at = sizes if experiment == "latency" else sorted({*sizes, *HALF_OCTAVES})
            found.append((experiment, list(_both_paths(hybrid, pattern, reply, at))))
    found += [("batching", synthetic_load.batching({**BASE, **p})) for p in paths[:2] + paths[4:5]]
    found += [("load", synthetic_curve.cases({**BASE, **p})) for p in paths[:2]]
    lives = [
        {**BASE, **p, "wait": "block", "message_bytes": 4, "reply_bytes": 4} for p in paths[:2]
    ]
    found += [("life_cycle", [case]) for case in lives]
    line = {**BASE, "transport": "cache_line", **shm, "message_bytes": 8, "reply_bytes": 8}
    line |= {"structure": "words", "neighbour": "writer", "pace_ns": 50, "offset_bytes": 0}
    for operation in ("store", "fenced_store"):
        sweep = [{**line, "operation": operation, "distance_bytes": d} for d in (0, 8, 56, 64, 256)]
        found.append(("false_sharing", sweep))
    blow = {**BASE, "transport": "cache_line", **shm, "message_bytes": 8, "reply_bytes": 8}
    blow |= {"victim": "spin", "trigger": "punch_hole", "mappings": 1, "working_pages": 0}
    found.append(("tlb_shootdown", [{**blow, "flush_pages": p} for p in (1, 16, 33, 34)]))
    found += [
        ("system_calls", [{**case, "pattern": p, "wait": w} for p in ("ping", "pour")])
        for case in lives
        for w in ("block", "spin")
    ]
    found += synthetic_flow.cases(BASE)
    found += [("timeout", synthetic_load.timeouts({**BASE, **p})) for p in paths[:2] + paths[4:5]]
    found += synthetic_timing.cases(BASE)
    found += synthetic_mixture.ladders(BASE)
    found += synthetic_memory.cases(BASE)
    found += [
        ("counters", [{**case, "counters": c} for c in synthetic_load.EVENTS]) for case in lives
    ]
    return found


def _both_paths(hybrid: dict[str, Any], pattern: str, reply: int | None, sizes: Any) -> Any:
    thresholds = {"queue": "inf", "shm": 0, "auto": 4096}
    for size in sizes:
        for path, threshold in thresholds.items():
            if path != "auto" or pattern == "ask":
                case = {**hybrid, "pattern": pattern, "path": path, "threshold_bytes": threshold}
                yield {**case, "message_bytes": size, "reply_bytes": reply or size}


def generate(
    folder: str | Path,
    seed: int = 1,
    blocks: int = 6,
    dense: bool = False,
    experiments: tuple[str, ...] = (),
    samples: int = 12_000,
    two_levels: bool = False,
) -> Path:
    """Write a complete run; `experiments` restricts it to some."""
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    writer = Writer(seed, samples, two_levels)
    plan = [l for l in ladders(dense) if not experiments or l[0] in experiments]
    for block in range(blocks):
        for at in writer.rng.permutation(len(plan)):
            writer.launch(plan[at][0], block, plan[at][1])
    synthetic_load.fail_one(writer.records)
    for experiment in dict.fromkeys(r["experiment"] for r in writer.records):
        lines = (json.dumps(r) for r in writer.records if r["experiment"] == experiment)
        (out / f"{experiment}.jsonl").write_text("\n".join(lines) + "\n")
    manifest = synthetic_load.manifest(writer.records, seed, blocks, writer.launches)
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1))
    (out / "environment.json").write_text(json.dumps(synthetic_load.ENVIRONMENT, indent=1))
    return out


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--blocks", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dense", action="store_true", help="half octaves: as many as quick has")
    parser.add_argument("--two-levels", action="store_true", help="a canary with two levels")
    given = parser.parse_args()
    generate(given.folder, given.seed, given.blocks, given.dense, two_levels=given.two_levels)
