"""Histories with known answers: run folders true to the schema, and years of nights straight into the tables.

A year as run folders would be gigabytes; what imports them is tested on few, what reads the history on many.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from history_db import transaction
from nightly_values import Name, canonical

DAY_NS = 86_400 * 10**9
BEGAN_NS = 1_700_000_000 * 10**9
MACHINE = {"key": "3f2a9c", "arch": "x86_64", "cpu_model": "Synthetic CPU 2000", "cores": 2}
EPOCH = {
    "key": "77b01e",
    "kernel": "6.1.0-synthetic",
    "governor": "performance",
    "libc": "glibc 2.36",
}
NEUTRAL = {
    "access": "copy", "backing": "none", "batch": 1, "delay_ns": 0, "depth": 0, "flush_ns": "inf",
    "home": "client", "path": "raw", "policy": "other", "rate_per_s": 0, "roles": "process",
    "schedule": "closed", "spin_budget_ns": 0, "threshold_bytes": -1, "timeout_ns": "inf", "touch": "full",
}  # fmt: skip
BUILD = {"key": "d00df0", "program": "aa" * 20, "compiler": "g++ 12.2.0", "plugins": {}}


@dataclass
class Place:
    """Where a synthetic night runs."""

    machine: dict[str, Any] = field(default_factory=lambda: dict(MACHINE))
    epoch: dict[str, Any] = field(default_factory=lambda: dict(EPOCH))
    build: dict[str, Any] = field(default_factory=lambda: dict(BUILD))


def names(count: int) -> list[Name]:
    """Series of as many sizes as are asked for, eight transports in turn."""
    found = []
    for i in range(count):
        transport = f"transport{i % 8}"
        case = {
            "transport": transport,
            "pattern": "ping",
            "message_bytes": 8 + i // 8,
            "reply_bytes": 8 + i // 8,
            "wait": "block",
            "idle": "polling",
            "placement": "same_llc",
        }
        metric = {
            "quantity": "round_trip_ns",
            "loop": "closed",
            "asked_bytes": 8 + i // 8,
            "answered_bytes": 8 + i // 8,
            "touched_by": "both",
            "copies": 2,
            "verified": True,
        }
        found.append(Name("latency", "p50", canonical(case), canonical(metric)))
    return found  # fmt: skip


def run_folder(
    folder: Path,
    values: dict[Name, np.ndarray],
    night: int = 0,
    place: Place | None = None,
    **more: Any,
) -> Path:
    """One night: `values` are launches' medians in ns per series. `more` replaces manifest fields."""
    place = place or Place()
    folder.mkdir(parents=True)
    began = BEGAN_NS + night * DAY_NS
    lines = []
    for at, (name, launches) in enumerate(values.items()):
        for block, value in enumerate(launches):
            order = block * len(values) + at
            lines.append(json.dumps(_record(name, float(value), block, order, began)))
    (folder / "latency.jsonl").write_text("\n".join(lines) + "\n")
    manifest = {
        "schema": 1, "run": folder.name, "started_unix_ns": began, "finished_unix_ns": began + 10**12,
        "commit": f"{night:010x}", "dirty": False, "plan_name": "nightly", "seed": night + 1, "neutral": NEUTRAL,
        "launches_done": len(lines), "contaminated": [], "plan": {"name": "nightly", "run": {}},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest | more))
    facts = {"boot_id": "boot", "uptime": f"{1000 + 86400 * night}.00 0.00"}
    parts = {"machine": place.machine, "epoch": place.epoch, "build": place.build, "facts": facts}
    (folder / "environment.json").write_text(json.dumps(parts | {"doubts": []}))
    return folder


def _record(name: Name, value: float, block: int, order: int, began: int) -> dict[str, Any]:
    return {
        "schema": 1, "run": "synthetic", "experiment": name.experiment, "block": block,
        "launch_id": f"b{block:03d}-l{order:04d}", "launch_order": order, "rung": 0, "rungs": 1,
        "finished_unix_ns": began + order * 10**6, "status": "ok", "reason": "",
        "case": json.loads(name.case), "metric": json.loads(name.metric), "messages": 3200,
        "windows": {"messages_each": 100, "ns_per_message": [value] * 32, "cpu_ns_per_message": None},
        "histograms": {}, "values": {}, "roles": [], "canary": {"before_ns": 119.0, "after_ns": 119.5},
        "warmup": {"ns": 1, "messages": 1}, "machine": {}, "allowed": [],
    }  # fmt: skip


def launches(
    rng: np.random.Generator, series: list[Name], step: dict[int, float] = {}
) -> dict[Name, np.ndarray]:
    """Ten launches a series, 1 % apart, around 1 µs a transport number; `step` slows some (ratio)."""
    return {
        name: 1000 * (1 + at % 8) * step.get(at, 1.0) * np.exp(rng.normal(0, 0.01, 10))
        for at, name in enumerate(series)
    }


@dataclass
class Year:
    """Medians (ns), series by nights, with the plants that a report must tell."""

    medians: np.ndarray
    epochs: list[dict[str, Any]]  # of each night
    spread: float = 0.01


def fill(
    connection: sqlite3.Connection,
    year: Year,
    series: list[Name],
    launches_each: int = 0,
    seed: int = 1,
) -> None:
    """A year straight into the tables; with `launches_each`, the single launches as well."""
    rng, nights = np.random.default_rng(seed), year.medians.shape[1]
    with transaction(connection):
        for part, fields in (
            ("machine", MACHINE),
            ("build", BUILD),
            *(("epoch", e) for e in year.epochs),
        ):
            row = (part, fields["key"], canonical(fields))
            connection.execute("INSERT OR IGNORE INTO place VALUES (?, ?, ?)", row)
        rows = [(i + 1, *name) for i, name in enumerate(series)]
        connection.executemany("INSERT INTO series VALUES (?, ?, ?, ?, ?)", rows)
        for night in range(nights):
            connection.execute(
                "INSERT INTO run VALUES (" + ", ".join("?" * 17) + ")", _run(year, night)
            )
            health = (night + 1, 119 * rng.normal(1, 0.004), 117.0, 122.0, 20000, int(rng.poisson(3)), 0,
                      rng.gamma(2, 20), 90_000, 25.7, 10.0, 0.05)  # fmt: skip
            connection.execute("INSERT INTO health VALUES (" + ", ".join("?" * 12) + ")", health)
        half = 0.66 * year.spread
        connection.executemany(
            "INSERT INTO night VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ((i + 1, j + 1, m, m * (1 - half), m * (1 + half), 0.4 * year.spread, 10, 119.0, 0)
             for i, row in enumerate(year.medians) for j, m in enumerate(row.tolist())),
        )  # fmt: skip
        for i, row in enumerate(year.medians if launches_each else ()):
            values = row[:, None] * np.exp(rng.normal(0, year.spread, (nights, launches_each)))
            connection.executemany(
                "INSERT INTO launch VALUES (?, ?, ?, ?)",
                (
                    (i + 1, j + 1, k, v)
                    for j, each in enumerate(values.tolist())
                    for k, v in enumerate(each)
                ),
            )


def _run(year: Year, night: int) -> tuple[Any, ...]:
    began = BEGAN_NS + night * DAY_NS
    keys = (MACHINE["key"], year.epochs[night]["key"], BUILD["key"], BUILD["program"])
    name = f"night-{night:03d}"
    return (night + 1, name, name, f"gone/{name}", began, began + 10**12, "boot", 1000.0 + 86400 * night,
            *keys, f"{night * 7919:010x}", 0, "nightly", None, None)  # fmt: skip


def told_year(series: int = 200, nights: int = 365, seed: int = 3) -> Year:
    """Two steps (+6 % in series 0 to 7 from night 100, -8 % in series 16 from 220), another epoch with
    +4 % in all from night 160, and a noisy week from night 290.
    """
    rng = np.random.default_rng(seed)
    logs = rng.normal(0, 0.008, (series, nights))
    logs[0:8, 100:] += np.log(1.06)
    logs[16, 220:] += np.log(0.92)
    logs[:, 160:] += np.log(1.04)
    logs[:, 290:297] += rng.normal(0, 0.05, (series, 7))
    later = {**EPOCH, "key": "88c12f", "kernel": "6.6.0-synthetic"}
    base = 1000 * (1 + np.arange(series) % 8)
    return Year(base[:, None] * np.exp(logs), [EPOCH if n < 160 else later for n in range(nights)])
