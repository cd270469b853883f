"""Rows of a chart that compares transports at one point each: their names, and the case they stand for."""

from __future__ import annotations

from collections.abc import Callable

import families
from record import Case, Record, by_launch, constant_axes
from stats import Interval, median_interval

# What tells two rows of one transport apart, where it differs in the figure.
TELLING = ("path", "backing", "page_bytes", "address", "nodelay", "access", "roles", "placement", "idle", "touch", "batch")  # fmt: skip
ROW_IN = 0.17


def height_in(rows: int) -> float:
    """Height of a chart of so many rows, its title and axis included."""
    return max(ROW_IN * rows + 1.0, 2.2)


def names(records: list[Record]) -> dict[str, list[Record]]:
    """Records by row: the transport, and what differs between records of the same transport."""
    same: dict[str, Case] = {}
    for name in {r.transport for r in records}:
        same[name] = constant_axes(r for r in records if r.transport == name)
    rows: dict[tuple, list[Record]] = {}
    for record in records:
        told = [n for n in TELLING if n in record.case and n not in same[record.transport]]
        label = " · ".join(
            [record.transport, *(f"{n.split('_')[0]} {record.case[n]}" for n in told)]
        )
        rows.setdefault((families.order(families.family(record)), label), []).append(record)
    return {label: rows[order, label] for order, label in sorted(rows)}


def over_launches(records: list[Record], value: Callable[[Record], float]) -> Interval | None:
    """Median over launches with its interval; None without a value."""
    values = by_launch(records, value)
    return median_interval(values) if values else None
