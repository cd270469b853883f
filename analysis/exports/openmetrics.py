"""OpenMetrics text: gauges in base units (seconds, bytes), which node_exporter's textfile collector reads as well.

`stat` is `median`, `lo` or `hi` (95 % over launches; absent below six). A case that was skipped or failed has no sample
but in `ipcmark_cases`. An infinite bound of T has none either.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import summary
from exports import rows
from exports.rows import CALLS, Row, number, word
from records import Run
from stats import Interval

Sample = tuple[dict[str, Any], float | None]
NS = 1e-9


def export(run: Run) -> str:
    every = rows.of_run(run)
    good = [r for r in every if r.interval]
    timed = [r for r in good if r.is_time]
    families = [
        ("ipcmark_run", "", "whose numbers these are", [(_run(run), 1)]),
        ("ipcmark_run_finished_seconds", "seconds", "when the run ended, since the epoch", _finished(run)),
        ("ipcmark_cases", "", "cases by what became of them", _statuses(every)),
        ("ipcmark_cost_seconds", "seconds", "central cost of a message or round trip, by case", _stats(timed, NS)),
        ("ipcmark_p99_seconds", "seconds", "median over launches of the 99th percentile",
         [(_labels(r), r.p99_ns * NS) for r in timed]),
        ("ipcmark_cpu_seconds", "seconds", "CPU time of all ends per message",
         [(_labels(r), r.cpu_ns * NS) for r in timed]),
        ("ipcmark_bytes_per_second", "", "payload that arrived", [(_labels(r), r.bytes_per_s) for r in timed]),
        (f"ipcmark_{CALLS}", "", "system calls of both ends per message",
         _stats([r for r in good if not r.is_time], 1)),
        ("ipcmark_launches", "", "launches behind a case's median", [(_labels(r), r.interval.n) for r in good]),
        ("ipcmark_crossover_bytes", "bytes", "T: the payload from which shared memory pays", _crossovers(run)),
    ]  # fmt: skip
    lines = [line for family in families for line in _family(*family)]
    return "\n".join([*lines, "# EOF"]) + "\n"


def _family(name: str, unit: str, text: str, samples: Iterable[Sample]) -> list[str]:
    shown = [(labels, number(v)) for labels, v in samples]
    shown = [(labels, v) for labels, v in shown if v is not None]
    if not shown:
        return []
    head = [f"# TYPE {name} gauge", *([f"# UNIT {name} {unit}"] if unit else [])]
    return [*head, f"# HELP {name} {text}", *(f"{name}{_text(of)} {v:.7g}" for of, v in shown)]


def _text(labels: dict[str, Any]) -> str:
    pairs = (f'{name}="{_escape(word(value))}"' for name, value in labels.items())
    return "{" + ",".join(pairs) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _labels(row: Row) -> dict[str, Any]:
    """What a query selects by; the whole case is in its name."""
    told = ("transport", "pattern", "message_bytes", "wait", "placement")
    return {"case": row.name, "experiment": row.experiment, **{a: row.case[a] for a in told if a in row.case}}  # fmt: skip


def _stats(found: list[Row], unit: float) -> list[Sample]:
    return [s for row in found for s in _interval(_labels(row) | {"quantity": row.quantity}, row.interval, unit)]  # fmt: skip


def _interval(labels: dict[str, Any], at: Interval, unit: float) -> list[Sample]:
    bounds = {"median": at.value, "lo": at.lo, "hi": at.hi}
    return [({**labels, "stat": s}, v * unit) for s, v in bounds.items() if v is not None]


def _run(run: Run) -> dict[str, Any]:
    keys = {p: (run.environment.get(p) or {}).get("key", "") for p in ("machine", "epoch", "build")}
    told = {k: run.manifest.get(k) or "" for k in ("plan_name", "commit", "version")}
    return {"run": run.name, **keys, **told}


def _finished(run: Run) -> list[Sample]:
    ended = run.manifest.get("finished_unix_ns")
    return [({}, ended * NS)] if ended else []


def _statuses(every: list[Row]) -> list[Sample]:
    """Every case once: `ok` has a number and no failure."""
    kinds = {"ok": 0, "failed": 0, "skipped": 0}
    for row in every:
        kinds["failed" if row.count("failed") else "ok" if row.interval else "skipped"] += 1
    return [({"status": kind}, count) for kind, count in kinds.items()]


def _crossovers(run: Run) -> list[Sample]:
    told = ("queue", "metric", "pattern", "placement", "wait", "touch", "access", "batch", "idle")
    found: list[Sample] = []
    for entry in summary.of_folder(run)["crossover"]:
        labels = {k: entry[k] for k in told if entry.get(k) is not None}
        for stat, key in (("median", "T_bytes"), ("lo", "lo"), ("hi", "hi")):
            value = entry.get(key)
            if entry.get("status") == "ok" and isinstance(value, (int, float)):
                found.append(({**labels, "stat": stat}, value if math.isfinite(value) else None))
    return found
