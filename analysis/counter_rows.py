"""Counts per message out of records, and the rows of their table."""

from __future__ import annotations

import math
from typing import Any

import by_row
from records import Record, case_key, group

SUFFIX = "_per_message"
PARTS = {"user": 1.0, "kernel": 0.45}  # whose doing, and how dark that is drawn


def value(record: Record, counter: str) -> float:
    """Counts per message of both ends; nan where it was not counted."""
    return float(record.values.get(counter + SUFFIX, math.nan))


def of(records: list[Record]) -> list[dict[str, Any]]:
    """A row a case and counter: the median over launches of both ends, and each end in the first launch."""
    rows = []
    for key, members in group(records, case_key).items():
        case = dict(key)
        told = {n: case[n] for n in ("transport", "path", "pattern", "message_bytes", "wait")}
        told |= {"placement": case["placement"], "selection": case["counters"]}
        names = {n for r in members for n in r.values if n.endswith(SUFFIX)}
        for name in sorted(names):
            all_of_it = by_row.over_launches(members, lambda r: value(r, name.removesuffix(SUFFIX)))
            counter = name.removesuffix(SUFFIX)
            event = (members[0].raw.get("events") or {}).get(counter.removesuffix("_user")
                                                             .removesuffix("_kernel"), "")  # fmt: skip
            rows.append({**told, "counter": counter, "per_message": all_of_it.value,
                         "lo": all_of_it.lo, "hi": all_of_it.hi, "launches": len(members),
                         "event": event, **_ends(members[0], counter)})  # fmt: skip
    return rows


def _ends(record: Record, counter: str) -> dict[str, Any]:
    """Per message of each end, in the first launch; one way, as the whole is."""
    ways = 2 if record.case["pattern"] == "ping" else 1
    name, _, part = counter.rpartition("_")
    name, part = (name, part) if part in PARTS else (counter, "")
    found: dict[str, Any] = {}
    for role in record.raw["roles"]:
        parts = (role.get("counters") or {}).get(name) or {}
        counts = [v for k, v in parts.items() if not part or k == part]
        whole = sum(counts) if counts and None not in counts else ""
        each = whole / (ways * record.raw["messages"]) if whole != "" else ""
        found[f"first_{role['role']}"] = each
    return found
