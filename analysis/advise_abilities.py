"""What each mechanism promises, where a run says so: boundaries, losslessness, order, priorities, several senders.

The run's manifest says it; for one written before manifests did, the program's list (`ipcmark list transports --json`).
Without either nothing is promised: an ability is never guessed from a name.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from records import RecordsError, Run

NEEDS = ("boundaries", "lossless", "order", "priority", "mailbox")


def abilities(run: Run, listed: dict[str, Any] | None) -> dict[str, dict[str, int]]:
    """Transport → need → 0 or 1, of those that are listed; by the manifest otherwise."""
    told = run.manifest.get("transports")
    entries = dict(told) if isinstance(told, dict) else {}
    entries.update(listed or {})
    return {name: _of(entry) for name, entry in sorted(entries.items()) if _is_whole(entry)}


def _is_whole(entry: Any) -> bool:
    return isinstance(entry, dict) and {"boundaries", "lossy", "abilities", "most_producers"} <= set(entry)  # fmt: skip


def _of(entry: dict[str, Any]) -> dict[str, int]:
    """Every launch verifies sequence numbers, so what is lossless has arrived in order; what may lose may reorder."""
    ranks = {"send_priority", "message_types"} & set(entry["abilities"])
    return {
        "boundaries": int(bool(entry["boundaries"])),
        "lossless": int(not entry["lossy"]),
        "order": int(not entry["lossy"]),
        "priority": int(bool(ranks)),
        "mailbox": int(entry["most_producers"] > 1),
    }


def read(file: Path) -> dict[str, Any]:
    """A list by name, the first of a transport's variants. Raises RecordsError, OSError."""
    try:
        entries = json.loads(file.read_bytes())["transports"]
        listed = {entry["name"]: entry for entry in reversed(entries)}
    except (ValueError, KeyError, TypeError, RecursionError):
        listed = {}
    if not listed or not all(map(_is_whole, listed.values())):
        raise RecordsError(f"{file}: not what `ipcmark list transports --json` prints")
    return listed
