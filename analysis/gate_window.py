"""Stage one: tonight against the nights that it may be held against.

The window is of the same machine and epoch, at the canary's level of tonight; marked nights, nights of a sick
instrument and nights on which the series itself was confirmed as changed are not in it. Once a change is
accepted, the window begins at it.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import numpy as np

import history_nights
import nightly
import stats
from history_nights import Row
from nightly import StageOne
from nightly_values import Name

kOut = ("excluded", "noisy")
kChanged = ("REGRESSED", "IMPROVED")


@dataclass(frozen=True)
class Window:
    """Tonight's series with what stage one found; rows of all arrays are `names`."""

    names: list[Name]
    ids: list[int]
    past: stats.Array  # log medians of the nights before, NaN = not to be used
    tonight: stats.Array
    error: stats.Array
    launches: list[int]
    unstable: stats.Array
    stage: StageOne
    epoch: str  # of the window: not tonight's where that is too young
    shifted: bool  # whether it is another than tonight's
    nights: int


def before(connection: sqlite3.Connection, run: Row) -> list[Row]:
    """The usable runs of the same machine that are in the history before this one, by date."""
    sick = {
        r
        for (r,) in connection.execute(
            "SELECT run FROM gate WHERE verdict = 'INSTRUMENT_UNHEALTHY'"
        )
    }
    return [
        row for row in history_nights.runs(connection, run.machine)
        if row.started_ns < run.started_ns and row.id != run.id
        and row.mark not in kOut and row.id not in sick
    ]  # fmt: skip


def epoch_of(runs: list[Row], tonight: Row) -> str:
    """The epoch to be held against: tonight's, or while that is young the last one that was not."""
    counts: dict[str, int] = {}
    for row in runs:
        counts[row.epoch] = counts.get(row.epoch, 0) + 1
    if counts.get(tonight.epoch, 0) >= nightly.kFewest:
        return tonight.epoch
    old = [row.epoch for row in runs if counts[row.epoch] >= nightly.kFewest]
    return old[-1] if old else tonight.epoch


def window(connection: sqlite3.Connection, tonight: Row) -> Window:
    """Stage one for every series of tonight."""
    runs = before(connection, tonight)
    epoch = epoch_of(runs, tonight)
    chosen = [row for row in runs if row.epoch == epoch]
    nights = history_nights.load(connection, [*chosen, tonight])
    logs = history_nights.at_level_of(nights, len(chosen))
    here = np.flatnonzero(~np.isnan(logs[:, -1]))
    logs, ids = logs[here], [nights.ids[i] for i in here]
    past = logs[:, :-1].copy()
    _leave_out_changes(connection, past, chosen, ids)
    error = nights.error[here, -1]
    counts = dict(connection.execute("SELECT series, n FROM night WHERE run = ?", (tonight.id,)))
    names = history_nights.series(connection)
    return Window(
        [names[i] for i in ids], ids, past, logs[:, -1], error, [counts[i] for i in ids],
        nights.unstable[here, -1] > 0, nightly.stage_one(logs[:, -1], error, past), epoch,
        epoch != tonight.epoch, len(chosen),
    )  # fmt: skip


def _leave_out_changes(
    connection: sqlite3.Connection, past: stats.Array, chosen: list[Row], ids: list[int]
) -> None:
    """Take a series' changed nights out of its window; where they were accepted, what came before."""
    column = {row.id: at for at, row in enumerate(chosen)}
    row_of = {number: at for at, number in enumerate(ids)}
    query = "SELECT run, series, accepted FROM finding WHERE verdict IN (?, ?)"
    for run, number, accepted in connection.execute(query, kChanged).fetchall():
        if run in column and number in row_of:
            at = slice(0, column[run]) if accepted else column[run]
            past[row_of[number], at] = np.nan
