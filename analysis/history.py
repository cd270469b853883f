#!/usr/bin/python3
"""The history of nightly runs: results/history.sqlite, rebuildable from run folders.

    analysis/history.py import RUN_DIR... [--rebuild] [--accept-clock] [--as NAME]
    analysis/history.py list [runs|series|epochs] [--json]
    analysis/history.py mark RUN excluded|noisy|note|none [WHY]
    analysis/history.py export csv|otava -o OUT [--machine KEY]
    analysis/history.py prune --keep-nights N [--medians-too]

`import` again changes nothing; two may run at once. `--rebuild` makes the history anew from the
folders and keeps the old file beside it. `mark excluded` takes a run out of every baseline and
trend, `noisy` out of change points. `prune` drops single launches of older nights, and with
--medians-too the nights themselves. Exit codes: 0; 2 for bad usage; 3 for what was refused.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import command
import history_db
import history_export
import history_import
import history_nights
from figure import said
from history_clock import when
from history_db import HistoryError
from records import RecordsError

MARKS = ("excluded", "noisy", "note", "none")


def main(argv: list[str] | None = None) -> int:
    given = options(argv)
    try:
        return COMMANDS[given.command](given)
    except (HistoryError, RecordsError) as error:
        print(f"{getattr(error, 'verdict', 'REFUSED')}: {error}", file=sys.stderr)
        return 3
    except sqlite3.OperationalError as error:  # locked beyond the timeout, disk full, read-only
        print(f"{given.history}: {error}", file=sys.stderr)
        return 3
    except sqlite3.DatabaseError as error:
        print(f"HISTORY_DAMAGED: {history_db.damaged(given.history, str(error))}", file=sys.stderr)
        return 3
    except OSError as error:
        print(said(error), file=sys.stderr)
        return 3


def import_runs(given: argparse.Namespace) -> int:
    """Import each folder; one that is refused does not keep the others out."""
    if given.name and len(given.folders) != 1:
        raise HistoryError("--as names one run: give one folder")
    target = given.history
    if given.rebuild:
        target = given.history.with_name(f"{given.history.name}.new-{os.getpid()}")
    refused = 0
    with closing(history_db.connect(target, create=True)) as connection:
        for folder in by_date(given.folders):
            try:
                number, new = history_import.add(connection, folder, given.accept_clock, given.name)
            except (HistoryError, RecordsError) as error:
                print(f"{getattr(error, 'verdict', 'REFUSED')}: {error}", file=sys.stderr)
                refused += 1
                continue
            print(f"{folder}: {'imported' if new else 'is in the history'} (run {number})")
        if given.rebuild:  # no log beside it: it can be renamed
            connection.execute("PRAGMA journal_mode = DELETE")
    if given.rebuild:
        kept = history_db.set_aside(given.history)
        target.rename(given.history)
        print(f"{given.history}: rebuilt" + (f"; the old one is {kept}" if kept else ""))
    return 3 if refused else 0


def by_date(folders: list[Path]) -> list[Path]:
    """Folders by when their runs began: a rebuilt history numbers runs as the first did."""
    began = (
        lambda f: history_import.paper(f / "manifest.json").get("started_unix_ns") or 0
    )  # noqa: E731
    return sorted(folders, key=lambda f: (began(f), f))


def list_what(given: argparse.Namespace) -> int:
    with closing(history_db.connect(given.history)) as connection:
        rows = LISTS[given.what](connection)
    if given.json:
        print(json.dumps(rows, indent=1, allow_nan=False))
        return 0
    for row in rows:
        print("  ".join("-" if value is None else str(value) for value in row.values()))
    return 0


def _runs(connection: sqlite3.Connection) -> list[dict]:
    verdicts = dict(connection.execute("SELECT run, verdict FROM gate"))
    return [
        {"run": r.name, "began": when(r.started_ns), "machine": r.machine, "epoch": r.epoch,
         "build": r.build, "commit": r.commit, "gate": verdicts.get(r.id), "mark": r.mark,
         "why": r.mark_why} for r in history_nights.runs(connection)
    ]  # fmt: skip


def _series(connection: sqlite3.Connection) -> list[dict]:
    counts = dict(connection.execute("SELECT series, count(*) FROM night GROUP BY series"))
    return [
        {"series": k, "experiment": n.experiment, "value": n.value, "nights": counts.get(k, 0),
         "case": n.case} for k, n in history_nights.series(connection).items()
    ]  # fmt: skip


def _epochs(connection: sqlite3.Connection) -> list[dict]:
    """Each epoch's first night, and what changed with it."""
    rows, last = [], {}
    for run in history_nights.runs(connection):
        before = last.get(run.machine)
        if before != run.epoch:
            changed = (
                history_nights.changed(connection, "epoch", before, run.epoch) if before else []
            )
            rows.append({"machine": run.machine, "epoch": run.epoch, "from": run.name,
                         "began": when(run.started_ns), "changed": "; ".join(changed) or None})  # fmt: skip
        last[run.machine] = run.epoch
    return rows


def mark(given: argparse.Namespace) -> int:
    """Into the history and into the run's folder, so that a rebuilt history knows it too."""
    word = None if given.mark == "none" else given.mark
    with closing(history_db.connect(given.history)) as connection:
        found = [r for r in history_nights.runs(connection) if r.name == given.run]
        if not found:
            raise HistoryError(f"{given.run}: no such run in {given.history}; see history.py list")
        with history_db.transaction(connection):
            history_import.set_mark(connection, found[0].id, word, given.why)
    folder = Path(found[0].folder)
    if folder.is_dir():
        (folder / "mark.json").write_text(json.dumps({"mark": word, "why": given.why}) + "\n")
    else:
        print(f"{folder}: gone; a rebuilt history will not know this mark", file=sys.stderr)
    return 0


def export(given: argparse.Namespace) -> int:
    with closing(history_db.connect(given.history)) as connection:
        for path in history_export.FORMATS[given.format](connection, given.out, given.machine):
            print(path)
    return 0


def prune(given: argparse.Namespace) -> int:
    """Keep the last N nights of each machine whole."""
    tables = ["launch"]
    if given.medians_too:
        tables += ["night", "health", "crossover", "gate", "finding", "control", "sensitivity"]
    with closing(history_db.connect(given.history)) as connection:
        old = _beyond(connection, given.keep_nights)
        with history_db.transaction(connection):
            for table in tables:
                connection.executemany(f"DELETE FROM {table} WHERE run = ?", old)
            if given.medians_too:
                connection.executemany("DELETE FROM run WHERE id = ?", old)
        connection.execute("VACUUM")
    print(f"{len(old)} nights pruned to {'nothing' if given.medians_too else 'their medians'}")
    return 0


def _beyond(connection: sqlite3.Connection, kept: int) -> list[tuple[int]]:
    """Ids of the nights before each machine's last ones."""
    machines = {run.machine for run in history_nights.runs(connection)}
    return [(r.id,) for m in machines for r in history_nights.runs(connection, m)[:-kept]]


COMMANDS = {
    "import": import_runs,
    "list": list_what,
    "mark": mark,
    "export": export,
    "prune": prune,
}
LISTS = {"runs": _runs, "series": _series, "epochs": _epochs}


def options(argv: list[str] | None) -> argparse.Namespace:
    parser = command.Parser(__doc__)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--history", type=Path, default=history_db.DEFAULT)
    commands = parser.add_subparsers(dest="command", required=True)
    add = commands.add_parser("import", parents=[shared], help="run folders into the history")
    add.add_argument("folders", type=Path, nargs="+", metavar="RUN_DIR")
    add.add_argument("--rebuild", action="store_true", help="a new history of these folders only")
    add.add_argument("--accept-clock", action="store_true", help="import dates that contradict")
    add.add_argument("--as", dest="name", default="", help="import the one run by this name")
    show = commands.add_parser("list", parents=[shared], help="what it holds")
    show.add_argument("what", nargs="?", choices=sorted(LISTS), default="runs")
    show.add_argument("--json", action="store_true")
    note = commands.add_parser("mark", parents=[shared], help="say something of a run")
    note.add_argument("run", help="its name")
    note.add_argument("mark", choices=MARKS)
    note.add_argument("why", nargs="?", default="")
    out = commands.add_parser("export", parents=[shared], help="for other tools")
    out.add_argument("format", choices=sorted(history_export.FORMATS))
    out.add_argument("-o", "--out", type=Path, required=True, help="csv: a file; otava: a folder")
    out.add_argument("--machine", help="key; default: the machine of the newest run")
    cut = commands.add_parser("prune", parents=[shared], help="drop old launches")
    cut.add_argument("--keep-nights", type=command.count, required=True, metavar="N")
    cut.add_argument("--medians-too", action="store_true", help="drop the old nights altogether")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(command.ended(main))
