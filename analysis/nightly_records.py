"""A nightly run as the history needs it: its papers, and of every record a few numbers.

A night is tens of megabytes of histograms. They are read in two processes, each of which keeps of a record
what says where it belongs and the values of its series; the rest never leaves the worker.
"""

from __future__ import annotations

import gc
import math
import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import records
import steadiness
from record import Record
from record_files import plain_bytes, record_files
from records import Run

WORKERS = 2
SMALL = 4 << 20  # bytes: below, a second process costs more than it saves
CHUNK = 500  # records
KEPT = ("experiment", "launch_id", "launch_order", "block", "status", "case", "metric", "canary",
        "supersedes", "finished_unix_ns")  # fmt: skip


def _p99(record: Record) -> float:
    """Only where its launch has 100 samples beyond it."""
    value, reliability = record.percentile(99)
    return value if reliability == "ok" else math.nan


VALUES: dict[str, Callable[[Record], float]] = {
    "p50": lambda r: r.p50_ns,
    "p99": _p99,
    "cpu": lambda r: r.cpu_ns_per_message,
    "calls": lambda r: float(r.values.get("system_calls_per_message", math.nan)),
}


@dataclass(slots=True)
class Read:
    """One record: where it belongs, its values by name (NaN = none), the class of its windows."""

    record: Record
    values: dict[str, float]
    steady: str


@dataclass(slots=True)
class NightlyRun:
    """A run's papers (`run.records` hold no windows, histograms or roles) and what was read of each record."""

    run: Run
    read: list[Read]


def load(folder: Path) -> NightlyRun:
    """Read a run folder. Raises RecordsError as records.load does."""
    run = records.load_papers(folder)
    files = record_files(folder)
    parts = WORKERS if sum(plain_bytes(file) for file in files) > SMALL else 1
    jobs = [(file, run.neutral, part, parts) for file in files for part in range(parts)]
    if parts == 1:
        results = [_part(*job) for job in jobs]
    else:
        with multiprocessing.get_context("fork").Pool(parts) as pool:
            results = pool.starmap(_part, jobs, chunksize=1)
    read = [r for found, _ in results for r in found]
    run.records = [r.record for r in read]
    run.warnings += [text for _, warnings in results for text in warnings]
    return NightlyRun(records.complete(run), read)


def _part(
    file: Path, neutral: dict[str, Any], part: int, parts: int
) -> tuple[list[Read], list[str]]:
    """A share of a file's lines, in chunks that are dropped once their values are taken."""
    warnings: list[str] = []
    found: list[Read] = []
    lines = records.read_lines(file, warnings, neutral, part, parts)
    gc.disable()  # none of it is garbage until it is dropped as a whole
    while chunk := [record for _, record in zip(range(CHUNK), lines)]:
        found += slim(chunk)
    gc.enable()
    return found, warnings


def slim(read: list[Record]) -> list[Read]:
    """What the history keeps of records."""
    classes = steadiness.classify_many([record.windows_ns for record in read])
    return [Read(_small(r), _values(r), steady) for r, steady in zip(read, classes)]


def _values(record: Record) -> dict[str, float]:
    return {name: of(record) for name, of in VALUES.items()} if record.status == "ok" else {}


def _small(record: Record) -> Record:
    told = {k: record.raw[k] for k in KEPT if k in record.raw}
    told["values"] = {k: v for k, v in record.values.items() if k == "overloaded"}
    return Record(told, record.where)
