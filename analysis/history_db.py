"""The history's file: opened, checked, created; never overwritten (tables: results/README.md).

SQLite in WAL mode with a long busy timeout: two writers take turns, and a writer that is killed
leaves what it had committed. A file that is damaged, foreign or of another schema is refused with
one line that says what would help.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = 1
APPLICATION = 0x6970636D  # "ipcm" in SQLite's header: this file is ours
BUSY_S = 120.0  # another writer's longest transaction is one import: seconds
DEFAULT = Path("results/history.sqlite")

TABLES = """
CREATE TABLE place (part TEXT, key TEXT, fields TEXT NOT NULL, PRIMARY KEY (part, key)) WITHOUT ROWID;
CREATE TABLE run (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, fingerprint TEXT NOT NULL, folder TEXT NOT NULL,
  started_ns INTEGER NOT NULL, finished_ns INTEGER NOT NULL, boot TEXT, uptime_s REAL,
  machine TEXT NOT NULL, epoch TEXT NOT NULL, build TEXT NOT NULL, program TEXT,
  commit_id TEXT, dirty INTEGER, plan TEXT, mark TEXT, mark_why TEXT);
CREATE TABLE series (
  id INTEGER PRIMARY KEY, experiment TEXT NOT NULL, value TEXT NOT NULL, case_json TEXT NOT NULL,
  metric_json TEXT NOT NULL, UNIQUE (experiment, value, case_json, metric_json));
CREATE TABLE launch (
  series INTEGER, run INTEGER, launch INTEGER, value REAL NOT NULL,
  PRIMARY KEY (series, run, launch)) WITHOUT ROWID;
CREATE TABLE night (
  series INTEGER, run INTEGER, median REAL NOT NULL, lo REAL, hi REAL, error REAL, n INTEGER NOT NULL,
  level_ns REAL, unstable INTEGER NOT NULL, PRIMARY KEY (series, run)) WITHOUT ROWID;
CREATE TABLE health (
  run INTEGER PRIMARY KEY, canary_ns REAL, canary_lo REAL, canary_hi REAL, launches INTEGER,
  contaminated INTEGER, failed INTEGER, stolen_ppm REAL, longest_gap_ns REAL, clock_cost_ns REAL,
  quantum_ns REAL, calibration_ppm REAL);
CREATE TABLE crossover (
  run INTEGER, queue TEXT, metric TEXT, condition TEXT, status TEXT NOT NULL, T_bytes REAL, lo REAL,
  hi REAL, PRIMARY KEY (run, queue, metric, condition)) WITHOUT ROWID;
CREATE TABLE gate (
  run INTEGER PRIMARY KEY, verdict TEXT NOT NULL, exit_code INTEGER NOT NULL, mde REAL, said TEXT,
  judged_ns INTEGER NOT NULL);
CREATE TABLE finding (
  run INTEGER, series INTEGER, verdict TEXT NOT NULL, effect REAL, z REAL, ratio REAL, lo REAL,
  hi REAL, p REAL, mde REAL, reason TEXT, accepted INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (run, series)) WITHOUT ROWID;
CREATE TABLE control (
  run INTEGER, series INTEGER, ratio REAL NOT NULL, lo REAL, hi REAL, sd REAL, n INTEGER NOT NULL,
  confirmed INTEGER NOT NULL, PRIMARY KEY (run, series)) WITHOUT ROWID;
CREATE TABLE sensitivity (
  run INTEGER, injected REAL, ratio REAL NOT NULL, lo REAL, hi REAL, confirmed INTEGER NOT NULL,
  PRIMARY KEY (run, injected)) WITHOUT ROWID;
"""


class HistoryError(Exception):
    """Why the history cannot be used, in one line; `verdict` is its word."""

    verdict = "REFUSED"


class Damaged(HistoryError):
    """The file is not a sound database; only an asked-for rebuild may replace it."""

    verdict = "HISTORY_DAMAGED"


def connect(file: Path, create: bool = False, check: bool = True) -> sqlite3.Connection:
    """Open and check a history; the caller closes it: what it holds open is written into the file late.

    Raises HistoryError (Damaged where it is unsound), sqlite3.OperationalError where it stays locked.
    """
    if not create and not file.exists():
        raise HistoryError(f"{file}: no history; make one: history.py import RUN_DIR...")
    file.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(file, timeout=BUSY_S, isolation_level=None)
    try:
        if file.stat().st_size == 0 and create:
            _create(connection)
        _refuse_strangers(connection, file)
        if check:
            _refuse_damage(connection, file)
        connection.execute("PRAGMA journal_mode = WAL")
        # A commit may be lost with the machine's power, never half of one: folders can be imported again.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -65536")
    except sqlite3.DatabaseError as error:
        connection.close()
        if locked(error):
            raise
        raise damaged(file, str(error)) from None
    except HistoryError:
        connection.close()
        raise
    return connection


def _create(connection: sqlite3.Connection) -> None:
    """All tables in one transaction; a second creator finds them there."""
    connection.execute("BEGIN IMMEDIATE")
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
        for statement in filter(str.strip, TABLES.split(";")):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {SCHEMA}")
    connection.execute("COMMIT")


def _refuse_strangers(connection: sqlite3.Connection, file: Path) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    schema = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION:
        raise HistoryError(f"{file}: a database, but not a history of ipcmark; name another file")
    if schema != SCHEMA:
        raise HistoryError(
            f"{file}: schema {schema} is unknown, this reads {SCHEMA}: "
            "history.py import --rebuild RUN_DIR... makes a new one and keeps this beside it"
        )


def _refuse_damage(connection: sqlite3.Connection, file: Path) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise damaged(file, str(found).splitlines()[-1])


def locked(error: sqlite3.DatabaseError) -> bool:
    """Whether another writer held the file for longer than one waits: that is no damage."""
    code = getattr(error, "sqlite_errorcode", None)  # the low byte: the rest says which kind
    return code is not None and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def damaged(file: Path, why: str) -> Damaged:
    return Damaged(
        f"{file}: damaged ({why}); nothing was written. "
        "history.py import --rebuild RUN_DIR... makes a new one and keeps this beside it"
    )


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing, with the writer's lock from the start: a reader never turns writer and fails."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def set_aside(file: Path) -> Path | None:
    """Rename a history and its log out of the way; where to, or None if there was none."""
    if not file.exists():
        return None
    number = 1
    while (kept := file.with_name(f"{file.name}.damaged-{number}")).exists():
        number += 1
    for suffix in ("-wal", "-shm"):  # of the damaged one: they must not be replayed into the new
        beside = file.with_name(file.name + suffix)
        if beside.exists():
            beside.rename(kept.with_name(kept.name + suffix))
    file.rename(kept)
    return kept
