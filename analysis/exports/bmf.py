"""Bencher's metric format: per case its measures with interval, `latency` in ns, `throughput` in messages a second.

Any other quantity is a measure of its own name (`cycle-ns`, `system-calls-per-message`); beside it stand `p99-ns`,
`cpu-ns-per-message` and `bytes-per-second` where they were measured. Cases without a number are absent.
"""

from __future__ import annotations

import json

from exports import rows
from exports.rows import Row, number
from records import Run

LATENCIES = ("round_trip_ns", "response_ns")
STREAM = "stream_ns_per_message"
MAX_NAME = 1024  # characters, Bencher's
Metric = dict[str, float | None]


def export(run: Run) -> str:
    found = {row.name[:MAX_NAME]: measures(row) for row in rows.of_run(run) if row.interval}
    return json.dumps(found, indent=1, allow_nan=False) + "\n"


def measures(row: Row) -> dict[str, Metric]:
    """A case's measures by Bencher's slugs."""
    at = row.interval
    lo, value, hi = number(at.lo), number(at.value), number(at.hi)
    found: dict[str, Metric] = {}
    if row.quantity == STREAM:
        found["throughput"] = _metric(_rate(hi), _rate(value), _rate(lo))
    else:
        slug = "latency" if row.quantity in LATENCIES else row.quantity.replace("_", "-")
        found[slug] = _metric(lo, value, hi)
    beside = {"p99-ns": row.p99_ns, "cpu-ns-per-message": row.cpu_ns}
    beside["bytes-per-second"] = row.bytes_per_s
    found |= {k: {"value": number(v)} for k, v in beside.items() if number(v) is not None}
    return {k: v for k, v in found.items() if v}


def _rate(ns: float | None) -> float | None:
    return number(1e9 / ns) if ns else None


def _metric(lo: float | None, value: float | None, hi: float | None) -> Metric:
    if value is None:
        return {}
    bounds = {"lower_value": lo, "upper_value": hi}
    return {"value": value, **{k: v for k, v in bounds.items() if v is not None}}
