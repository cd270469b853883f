"""Which family a transport belongs to, and its colour and marker: the same in every figure of a run.

Both come from the records, so that a new transport needs no line here. Only the limits of the machine are known by
name, for records that do not say their family.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from records import Record, Run
from style import MARKERS, MUTED, PALETTE

FLOORS = ("cache_line", "core_stream", "memcpy", "null")  # limits of the machine or the instrument
FLOOR, HYBRID, SHARED, OTHER = "floor", "hybrid", "shared_memory", "other"
DASHED = (0, (4, 1.5))


@dataclass(frozen=True)
class Look:
    """How one transport is drawn."""

    colour: str
    marker: str
    linestyle: Any = "-"


def family(record: Record) -> str:
    """What the record says (`transport_family`), else what its axes give away, else `other`."""
    if record.transport in FLOORS:
        return FLOOR
    if record.case.get("path", "raw") != "raw":
        return HYBRID
    said = record.raw.get("transport_family")
    if isinstance(said, str) and said:
        return said
    return SHARED if record.case.get("backing", "none") != "none" else OTHER


def order(name: str) -> tuple[bool, bool, str]:
    """By name, but hybrids after what they are made of, and limits last."""
    return name == FLOOR, name == HYBRID, name


def words(name: str) -> str:
    """A family as a reader sees it."""
    return name.replace("_", " ")


def looks(run: Run) -> dict[str, Look]:
    """Look per transport: colours in order of family and name; a hybrid wears the colour of its queue, dashed."""
    if "looks" in run.memo:
        return run.memo["looks"]
    known = {(family(r), r.transport) for r in run.records}
    members = sorted(known, key=lambda m: (order(m[0]), m[1]))
    found: dict[str, Look] = {}
    for i, (kind, name) in enumerate(members):
        # A second round of the palette takes other markers: 12 colours, 8 markers, no pair twice in 24.
        plain = Look(PALETTE[i % len(PALETTE)], MARKERS[(i + i // 24) % len(MARKERS)])
        if kind == HYBRID:
            inside = found.get(queue_of(name, found) or "", plain)
            found[name] = Look(inside.colour, inside.marker, DASHED)
        else:
            found[name] = Look(MUTED, "", (0, (1, 1.2))) if kind == FLOOR else plain
    run.memo["looks"] = found
    return found


def queue_of(hybrid: str, names: Iterable[str]) -> str | None:
    """The transport a hybrid's name contains: the longest, so that a prefix does not win."""
    return max((n for n in names if n in hybrid and n != hybrid), key=len, default=None)
