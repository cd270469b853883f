"""Google Benchmark's JSON: a row a launch for its compare.py, or a row a case for chart actions and Bencher.

Every row of that format has a real and a CPU time, so cases that were counted (system calls) or have no CPU time
(life cycles) are left out, as are cases without a number; the context says how many.
"""

from __future__ import annotations

import json
import math
import re
from datetime import datetime, timezone
from typing import Any

import stats
from exports import rows
from exports.rows import Row, number
from record import Record, by_launch
from records import Run


def launches(run: Run) -> str:
    """One row per launch: the repetitions that compare.py tests."""
    return _document(run, lambda at, row: _of_launches(at, row))


def cases(run: Run) -> str:
    """One row per case: the median over launches, its interval and p99 as counters."""
    return _document(run, lambda at, row: [_of_case(at, row)])


def _document(run: Run, make: Any) -> str:
    every = rows.of_run(run)
    fit = [r for r in every if r.interval and r.is_time and not math.isnan(r.cpu_ns)]
    context = _context(run) | {"cases_left_out": len(every) - len(fit)}
    made = [entry for at, row in enumerate(fit) for entry in make(at, row)]
    return json.dumps({"context": context, "benchmarks": made}, indent=1, allow_nan=False) + "\n"


def _of_launches(at: int, row: Row) -> list[dict[str, Any]]:
    return [
        _entry(at, row, len(row.launches), index, members)
        | _times(by_launch(members, rows.value), by_launch(members, lambda r: r.cpu_ns_per_message))
        for index, members in enumerate(row.launches)
        if by_launch(members, lambda r: r.cpu_ns_per_message)
    ]


def _of_case(at: int, row: Row) -> dict[str, Any]:
    members = [record for launch in row.launches for record in launch]
    made = _entry(at, row, len(row.launches), 0, members)
    made |= _times([row.interval.value], [row.cpu_ns])
    counters = {"lo_ns": row.interval.lo, "hi_ns": row.interval.hi, "p99_ns": row.p99_ns}
    counters |= {"bytes_per_second": row.bytes_per_s, "launches": row.interval.n}
    return made | {name: number(v) for name, v in counters.items() if number(v) is not None}


def _entry(at: int, row: Row, of: int, index: int, members: list[Record]) -> dict[str, Any]:
    return {
        "name": row.name, "family_index": at, "per_family_instance_index": 0, "run_name": row.name,
        "run_type": "iteration", "repetitions": of, "repetition_index": index, "threads": 1,
        "iterations": sum(r.raw.get("messages") or 0 for r in members),
    }  # fmt: skip


def _times(real: list[float], cpu: list[float]) -> dict[str, Any]:
    middle = [number(stats.median_interval(v).value) for v in (real, cpu)]
    return {"real_time": middle[0], "cpu_time": middle[1], "time_unit": "ns"}


def _context(run: Run) -> dict[str, Any]:
    """What its readers require, and whose numbers these are; the clock's rate stands for the CPU's."""
    part = lambda name: run.environment.get(name) or {}  # noqa: E731
    began = (run.manifest.get("started_unix_ns") or 0) / 1e9
    rate = (run.manifest.get("clock") or {}).get("ticks_per_ns") or 0
    governor = part("epoch").get("governor")
    return {
        "date": datetime.fromtimestamp(began, timezone.utc).isoformat(),
        "host_name": str(part("machine").get("key", "")),
        "executable": str((run.manifest.get("argv") or ["ipcmark"])[0]),
        "num_cpus": _how_many(part("facts").get("cpus_online")),
        "mhz_per_cpu": round(rate * 1000),
        "cpu_scaling_enabled": governor not in (None, "performance"),
        "caches": [], "load_avg": [],
        "library_build_type": "debug" if part("build").get("build_type") == "Debug" else "release",
        "ipcmark_run": run.name, "ipcmark_commit": str(run.manifest.get("commit", "")),
        "ipcmark_epoch": str(part("epoch").get("key", "")),
        "ipcmark_build": str(part("build").get("key", "")),
    }  # fmt: skip


def _how_many(cpus: Any) -> int:
    """How many CPUs the kernel's list `0-3,8` names; 0 where it says nothing."""
    ranges = re.findall(r"(\d+)(?:-(\d+))?", cpus if isinstance(cpus, str) else "")
    return sum(int(last or first) - int(first) + 1 for first, last in ranges)
