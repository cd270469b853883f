"""What a history has to tell: events, epochs, noisy nights; from the medians of a machine's nights.

An event is a step that several series took between the same nights in the same direction: eight sizes of one
pipe are one thing to look into, not eight.
"""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

import change_points
import history_nights
import stats
from change_points import ChangePoint
from gate_judge import series_words
from history_clock import when
from history_nights import Nights, Row
from nightly_values import Name

kAround = 30  # nights on each side of an epoch's begin that are compared


@dataclass(frozen=True)
class Event:
    """Series that changed together. Columns: the first changed night lies in first..last."""

    first: int
    last: int
    effect: float  # median over its series, ratio - 1
    members: list[tuple[int, ChangePoint]]  # rows, strongest first


@dataclass(frozen=True)
class EpochStep:
    """What another epoch did: per series, log ratio of the medians after and before; NaN = not in both."""

    column: int
    changed: list[str]
    step: stats.Array

    @property
    def known(self) -> stats.Array:
        return self.step[~np.isnan(self.step)]


@dataclass(frozen=True)
class Story:
    """A machine's history, told."""

    nights: Nights
    names: list[Name]  # of its rows
    logs: stats.Array  # with marked nights left out
    breaks: list[int]
    noisy: list[int]
    points: list[list[ChangePoint]]
    events: list[Event]
    epochs: list[EpochStep]

    @property
    def runs(self) -> list[Row]:
        return self.nights.runs


def tell(connection: sqlite3.Connection, runs: list[Row]) -> Story:
    """Read and judge these runs, of one machine, by date."""
    nights = history_nights.load(connection, runs)
    every = history_nights.series(connection)
    breaks = [at for at in range(1, len(runs)) if runs[at].epoch != runs[at - 1].epoch]
    logs = _at_their_level(nights)
    excluded = [at for at, run in enumerate(runs) if run.mark == "excluded"]
    logs[:, excluded] = np.nan
    noisy = sorted({
        *change_points.noisy_nights(logs, breaks), *(at for at, r in enumerate(runs) if r.mark == "noisy")
    })  # fmt: skip
    calm = logs.copy()
    calm[:, noisy] = np.nan
    points = change_points.find(calm, breaks)
    epochs = [_epoch_step(connection, runs, calm, at) for at in breaks]
    names = [every[i] for i in nights.ids]
    return Story(nights, names, logs, breaks, noisy, points, _events(points), epochs)


def _at_their_level(nights: Nights) -> stats.Array:
    """Log medians of the nights at each series' usual level of the canary."""
    logs = nights.log.copy()
    usual = stats.column_medians(nights.level_ns)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        logs[np.abs(np.log(nights.level_ns / usual)) > np.log(history_nights.kSameLevel)] = np.nan
    return logs


def _epoch_step(
    connection: sqlite3.Connection, runs: list[Row], logs: stats.Array, at: int
) -> EpochStep:
    left = max([0, at - kAround, *(b for b in _begins(runs) if b < at)])
    right = min([len(runs), at + kAround, *(b for b in _begins(runs) if b > at)])
    step = stats.column_medians(logs[:, at:right]) - stats.column_medians(logs[:, left:at])
    changed = history_nights.changed(connection, "epoch", runs[at - 1].epoch, runs[at].epoch)
    return EpochStep(at, changed, step)


def _begins(runs: list[Row]) -> list[int]:
    return [at for at in range(1, len(runs)) if runs[at].epoch != runs[at - 1].epoch]


def _events(points: list[list[ChangePoint]]) -> list[Event]:
    """Change points that may have happened in the same night, the same way, put together."""
    loose = sorted(
        ((row, p) for row, mine in enumerate(points) for p in mine), key=lambda both: both[1].at
    )
    groups: list[list[tuple[int, ChangePoint]]] = []
    for row, point in loose:
        for group in reversed(groups[-8:]):
            first, last = _common([p for _, p in group] + [point])
            if first <= last and (group[0][1].effect > 0) == (point.effect > 0):
                group.append((row, point))
                break
        else:
            groups.append([(row, point)])
    events = []
    for group in groups:
        group.sort(key=lambda both: (both[1].p, -abs(both[1].effect)))
        effect = math.expm1(float(np.median([math.log1p(p.effect) for _, p in group])))
        events.append(Event(*_common([p for _, p in group]), effect, group))
    return sorted(events, key=lambda e: -e.last)


def _common(points: list[ChangePoint]) -> tuple[int, int]:
    return max(p.first for p in points), min(p.last for p in points)


def event_words(story: Story, event: Event) -> dict[str, Any]:
    """An event for people: when, between which commits, what, by how much."""
    runs = story.runs
    before, after = runs[max(event.first - 1, 0)], runs[event.last]
    transports = Counter(series_words(story.names[row]).split()[2] for row, _ in event.members)
    names = ", ".join(f"{name} ({n})" for name, n in transports.most_common(4))
    more = len(transports) - 4
    return {
        "way": "slower" if event.effect > 0 else "faster", "effect": event.effect,
        "count": len(event.members), "after": before.name, "by": after.name,
        "from_commit": before.commit, "to_commit": after.commit,
        "from_date": when(before.started_ns)[:10], "to_date": when(after.started_ns)[:10],
        "transports": names + (f" and {more} more" if more > 0 else ""),
        "worst": series_words(story.names[event.members[0][0]]),
    }  # fmt: skip


def epoch_words(story: Story, step: EpochStep) -> dict[str, Any]:
    """An epoch's step for people."""
    known = step.known
    far = int(np.count_nonzero(np.abs(known) > math.log1p(change_points.kSmallest)))
    run = story.runs[step.column]
    return {
        "run": run.name, "date": when(run.started_ns)[:10], "changed": step.changed, "series": known.size,
        "far": far, "median": math.expm1(float(np.median(known))) if known.size else None,
    }  # fmt: skip


def spans(columns: list[int]) -> list[tuple[int, int]]:
    """Runs of consecutive columns, as first and last."""
    found: list[tuple[int, int]] = []
    for column in columns:
        if found and column == found[-1][1] + 1:
            found[-1] = (found[-1][0], column)
        else:
            found.append((column, column))
    return found


def lines(story: Story) -> list[str]:
    """The story in plain lines: what is printed, and what opens the page."""
    told = []
    for event in story.events:
        w = event_words(story, event)
        told.append(
            f"{100 * w['effect']:+.1f} % {w['way']}: {w['count']} series ({w['transports']}), after {w['after']} "
            f"and by {w['by']}, commits {w['from_commit']}..{w['to_commit']}"
        )
    for step in story.epochs:
        w = epoch_words(story, step)
        median = "unknown" if w["median"] is None else f"median {100 * w['median']:+.1f} %"
        told.append(
            f"another epoch from {w['run']} ({'; '.join(w['changed'][:3]) or 'key'}): {w['far']} of "
            f"{w['series']} series beyond 2 %, {median}"
        )
    for first, last in spans(story.noisy):
        runs = story.runs
        told.append(
            f"noisy: {runs[first].name} to {runs[last].name} ({last - first + 1} nights), not judged"
        )
    return told or ["nothing changed"]
