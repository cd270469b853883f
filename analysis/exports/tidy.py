"""Tidy CSV: a row a launch and case, a column an axis, times in ns; an empty cell is a value that is not there.

Skipped and failed launches have a row with their reason and no numbers. `superseded` launches were run again and belong
in no statistic; `level` is that of the canary, and launches at different levels must not be averaged.
"""

from __future__ import annotations

import csv
import io
import math
from typing import Any

import series
from exports import rows
from exports.rows import number, word
from record import Record
from records import Run

FIRST = ("run", "machine", "epoch", "build", "commit", "name", "experiment", "block", "launch_id", "launch_order",
         "rung", "status", "reason", "superseded", "level")  # fmt: skip
QUANTILES = {"p50_ns": 50, "p90_ns": 90, "p99_ns": 99, "p999_ns": 99.9}
LAST = ("quantity", "value", *QUANTILES, "cpu_ns_per_message", "bytes_per_s", "canary_ns", "messages")  # fmt: skip


def export(run: Run) -> str:
    axes = sorted({axis for record in run.records for axis in record.case})
    taken = {*FIRST, *LAST}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*FIRST, *(f"case_{a}" if a in taken else a for a in axes), *LAST])
    names = {id(r): row.name for row in rows.of_run(run) for r in row.records}
    for record in sorted(run.records, key=lambda r: (r.launch_order, r.raw.get("rung") or 0)):
        known = _known(run, record, names.get(id(record), ""))
        writer.writerow(
            [*known, *(word(record.case.get(a, "")) for a in axes), *map(_cell, _numbers(record))]
        )
    return out.getvalue()


def _known(run: Run, record: Record, name: str) -> list[Any]:
    keys = [(run.environment.get(p) or {}).get("key", "") for p in ("machine", "epoch", "build")]
    level = series.Levels.of(run).level(record)
    told = [run.name, *keys, run.manifest.get("commit", ""), name, record.experiment, record.block]
    told += [record.launch_id, record.launch_order, record.raw.get("rung", ""), record.status]
    return [*told, record.reason, int(record.superseded), "" if level is None else level]


def _numbers(record: Record) -> list[Any]:
    """The columns of LAST; nan and None are cells without a value."""
    if record.status != "ok":
        return [None] * len(LAST)
    of = [record.percentile(q)[0] for q in QUANTILES.values()]
    rate = record.values.get("bytes_per_s")
    value = math.nan if record.values.get("overloaded") else rows.value(record)
    return [record.metric.get("quantity", ""), value, *of, record.cpu_ns_per_message, rate,
            record.canary_ns, record.raw.get("messages") or None]  # fmt: skip


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return "" if number(value) is None else f"{value:.7g}"
    return "" if value is None else value
