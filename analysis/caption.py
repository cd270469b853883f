"""The line under a figure, and the names of machine and commit in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from records import Record, Run


def caption(run: Run, records: Iterable[Record], missing: Iterable[str] = ()) -> str:
    """The line under a figure: machine, commit, repetitions, wait and idle, overrides, and what is missing."""
    records = list(records)
    launches: dict[Any, set[str]] = {}
    for record in records:
        launches.setdefault(tuple(sorted(record.case.items())), set()).add(record.launch_id)
    counts = sorted(len(ids) for ids in launches.values()) or [0]
    n = f"n = {counts[0]}" if counts[0] == counts[-1] else f"n = {counts[0]}–{counts[-1]}"
    parts = [machine_name(run), commit_name(run), f"{n} launches a point"]
    for name in ("wait", "idle", "placement"):
        seen = sorted({str(r.case[name]) for r in records if name in r.case})
        parts += [f"{name} {', '.join(seen)}"] if seen else []
    parts += _crowding(records)
    allowed = sorted({a for r in records for a in r.raw.get("allowed") or []})
    parts += [f"allowed: {', '.join(allowed)}"] if allowed else []
    missing = list(missing)
    parts += [f"missing: {'; '.join(missing)}"] if missing else []
    return " · ".join(parts)


def _crowding(records: list[Record]) -> list[str]:
    """`oversubscribed: 3–9 roles on 2 CPUs`, where roles had to share."""
    told = [r.raw["oversubscribed"] for r in records if r.raw.get("oversubscribed")]
    if not told:
        return []
    roles, cpus = (sorted({t[k] for t in told}) for k in ("roles", "cpus"))
    span = lambda ns: f"{ns[0]}–{ns[-1]}" if len(ns) > 1 else f"{ns[0]}"  # noqa: E731
    return [f"oversubscribed: {span(roles)} roles on {span(cpus)} CPUs"]


def absent(records: Iterable[Record]) -> list[str]:
    """Transports without a single usable record, with the reason of the first."""
    records = list(records)
    present = {r.transport for r in records if r.ok}
    reasons: dict[str, str] = {}
    for record in records:
        if record.transport not in present:
            reasons.setdefault(record.transport, f"{record.status}: {record.reason}")
    return [f"{name} ({reason})" for name, reason in sorted(reasons.items())]


def machine_name(run: Run) -> str:
    machine = run.environment.get("machine") or {}
    cpu = machine.get("cpu")
    facts = {**machine, **cpu} if isinstance(cpu, dict) else machine
    for name in ("model name", "model_name", "cpu_model", "model", "cpu"):
        if isinstance(facts.get(name), str):
            return str(facts[name])
    return str(machine.get("arch") or "unknown machine")


def commit_name(run: Run) -> str:
    commit = str(run.manifest.get("commit") or "unknown")[:10]
    return f"commit {commit}{' (dirty)' if run.manifest.get('dirty') else ''}"
