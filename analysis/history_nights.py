"""The history as arrays: series by nights, for the gate and the trend."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

import numpy as np

import stats
from nightly_values import Name

kSameLevel = 1.15  # canaries further apart than the rule for `moved` ran at different levels


@dataclass(frozen=True)
class Row:
    """One run of the history."""

    id: int
    name: str
    folder: str
    started_ns: int
    machine: str
    epoch: str
    build: str
    program: str | None
    commit_id: str | None
    dirty: bool
    plan: str | None
    mark: str | None
    mark_why: str | None

    @property
    def commit(self) -> str:
        return (self.commit_id or "unknown")[:10] + ("+" if self.dirty else "")


COLUMNS = ", ".join(Row.__dataclass_fields__)


def runs(connection: sqlite3.Connection, machine: str | None = None) -> list[Row]:
    """The runs, of one machine or all, by date."""
    where = "WHERE machine = :machine" if machine else ""
    query = f"SELECT {COLUMNS} FROM run {where} ORDER BY started_ns, id"
    return [Row(*row) for row in connection.execute(query, {"machine": machine})]


def series(connection: sqlite3.Connection) -> dict[int, Name]:
    """Every series by its number."""
    query = "SELECT id, experiment, value, case_json, metric_json FROM series"
    return {number: Name(*rest) for number, *rest in connection.execute(query)}


def fields(connection: sqlite3.Connection, part: str, key: str) -> dict[str, Any]:
    """What a key was made of."""
    query = "SELECT fields FROM place WHERE part = ? AND key = ?"
    found = connection.execute(query, (part, key)).fetchone()
    return json.loads(found[0]) if found else {}


def changed(connection: sqlite3.Connection, part: str, before: str, after: str) -> list[str]:
    """The fields in which two keys of a part differ, as `name: old -> new`."""
    old, new = fields(connection, part, before), fields(connection, part, after)
    return [
        f"{name}: {_brief(old.get(name))} -> {_brief(new.get(name))}"
        for name in sorted({*old, *new} - {"key"})
        if old.get(name) != new.get(name)
    ]


def _brief(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


@dataclass(frozen=True)
class Nights:
    """Series by nights, NaN where a series was not measured; times in ns. Rows are `ids`, columns `runs`."""

    runs: list[Row]
    ids: list[int]
    median: stats.Array
    lo: stats.Array
    hi: stats.Array
    error: stats.Array
    level_ns: stats.Array
    unstable: stats.Array  # 1 where it was

    @property
    def log(self) -> stats.Array:
        return np.log(self.median)


def load(connection: sqlite3.Connection, chosen: list[Row]) -> Nights:
    """The nights of these runs, in their order; only series that any of them has."""
    column = {row.id: at for at, row in enumerate(chosen)}
    wanted = ", ".join(map(str, column)) or "NULL"
    numbers = ("median", "lo", "hi", "error", "level_ns", "unstable")
    told = ", ".join(f"coalesce({name}, -1)" for name in numbers)  # none of them can be negative
    cursor = connection.execute(f"SELECT series, run, {told} FROM night WHERE run IN ({wanted})")
    # As it comes: a year's rows as Python objects would take half a gigabyte.
    table = np.fromiter(cursor, np.dtype((float, 8)))
    table[table == -1] = np.nan
    ids, rows = np.unique(table[:, 0].astype(int), return_inverse=True)
    columns = np.array([column[int(run)] for run in table[:, 1]], dtype=int)
    grids = []
    for field in range(2, 8):
        grid = np.full((ids.size, len(chosen)), np.nan)
        grid[rows, columns] = table[:, field]
        grids.append(grid)
    return Nights(chosen, ids.tolist(), *grids)


def at_level_of(nights: Nights, column: int) -> stats.Array:
    """Log medians, less those whose canary ran at another level than this column's: never mixed."""
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = np.abs(np.log(nights.level_ns / nights.level_ns[:, [column]]))
    logs = nights.log.copy()
    logs[apart > np.log(kSameLevel)] = np.nan  # NaN compares false: no canary, no level
    return logs
