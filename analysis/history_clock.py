"""A clock that was set back puts a night before its past: found, and said, before it is stored."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timezone
from typing import Any

from history_db import HistoryError

SLACK_S = 120.0  # what time synchronisation may correct without changing the order of two nights


class ClockSetBack(HistoryError):
    """Times of the run contradict each other, another run of the same boot, or today."""

    verdict = "CLOCK_SET_BACK"


def check(
    connection: sqlite3.Connection, run: dict[str, Any], lines: list[dict[str, Any]], now_ns: int
) -> None:
    """Raise ClockSetBack unless the run's times are in order. `lines` are its raw records."""
    for wrong in (_inside(run, lines), _future(run, now_ns), _same_boot(connection, run)):
        if wrong:
            raise ClockSetBack(
                f"{run['folder']}: the clock was set back: {wrong}; if its dates are right all the "
                "same: history.py import --accept-clock"
            )


def _inside(run: dict[str, Any], lines: list[dict[str, Any]]) -> str:
    if run["finished_ns"] < run["started_ns"]:
        return f"it ended {when(run['finished_ns'])}, before it began {when(run['started_ns'])}"
    last = {r["launch_order"]: r.get("finished_unix_ns") for r in lines}
    ends = [last[order] for order in sorted(last) if last[order]]
    for before, after in zip(ends, ends[1:]):
        if after < before - SLACK_S * 1e9:
            return f"a launch ended {when(after)} after one that ended {when(before)}"
    return ""


def _future(run: dict[str, Any], now_ns: int) -> str:
    if run["started_ns"] > now_ns + SLACK_S * 1e9:
        return f"it began {when(run['started_ns'])}, and now is {when(now_ns)}"
    return ""


def _same_boot(connection: sqlite3.Connection, run: dict[str, Any]) -> str:
    """Uptime does not go back: within a boot it orders runs as their dates must."""
    others = connection.execute(
        "SELECT name, started_ns, uptime_s FROM run WHERE boot = ? AND uptime_s IS NOT NULL",
        (run["boot"],),
    )
    for name, started, uptime in others if run["uptime_s"] is not None else ():
        later_by = (run["started_ns"] - started) / 1e9
        longer_up = run["uptime_s"] - uptime
        if later_by * longer_up < 0 and min(abs(later_by), abs(longer_up)) > SLACK_S:
            order = "after" if longer_up > 0 else "before"
            return (
                f"{when(run['started_ns'])} is {order} `{name}` ({when(started)}) in the same boot"
            )
    return ""


def when(ns: int) -> str:
    """2026-11-21 07:52 UTC"""
    return datetime.fromtimestamp(ns / 1e9, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
