"""One run folder into the history: all of it in one transaction, or nothing.

Importing a run again changes nothing but what was added to its folder since: its summary (T), what
the gate said (gate.json), its mark (mark.json). That makes the history rebuildable from folders.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import history_clock
import nightly_records
import nightly_values
import stats
from history_db import HistoryError, transaction
from nightly_records import NightlyRun
from nightly_values import Name, Night, canonical
from record_files import lines_of, record_files
from records import Run

VALUES_OF_GATE = ("verdict", "exit_code", "mde", "said", "judged_ns")


class DuplicateRun(HistoryError):
    """Another run of the same name is in the history."""

    verdict = "DUPLICATE_RUN"


def add(
    connection: sqlite3.Connection,
    folder: Path,
    accept_clock: bool = False,
    name: str = "",
    night: NightlyRun | None = None,
) -> tuple[int, bool]:
    """The run's id and whether it was new; `night` is the folder where it was read already.

    Raises HistoryError or RecordsError.
    """
    mark = fingerprint(folder)
    known = _known(connection, mark)
    if known is not None:
        with transaction(connection):
            _again(connection, known, folder)
        return known, False
    night = night or nightly_records.load(folder)
    run = night.run
    _refuse_partial(run)
    row = _run_row(run, folder, mark, name)
    nights = nightly_values.of_run(night)
    with transaction(connection):
        known = _known(connection, mark)  # another writer may have come first while this one read
        if known is not None:
            _again(connection, known, folder)
            return known, False
        if not accept_clock:
            history_clock.check(connection, row, [r.raw for r in run.records], time.time_ns())
        number = _insert_run(connection, row)
        _add_places(connection, run)
        _add_nights(connection, number, nights)
        _add_health(connection, number, run)
        _add_papers(connection, number, folder)
    return number, True


def _known(connection: sqlite3.Connection, mark: str) -> int | None:
    """The id of the run with this fingerprint."""
    row = connection.execute("SELECT id FROM run WHERE fingerprint = ?", (mark,)).fetchone()
    return None if row is None else int(row[0])


def _again(connection: sqlite3.Connection, number: int, folder: Path) -> None:
    """What may have changed of a run that is there: where it lies, and what was written beside it since."""
    connection.execute("UPDATE run SET folder = ? WHERE id = ?", (str(folder), number))
    _add_papers(connection, number, folder)


def fingerprint(folder: Path) -> str:
    """A hash of what was measured: the manifest and every record, whatever the folder is called."""
    digest = hashlib.sha256()
    try:
        for file in [folder / "manifest.json", *record_files(folder)]:
            digest.update(f"{file.name.removesuffix('.gz')}\n".encode())
            for line in lines_of(file):
                digest.update(line)
    except OSError as error:
        where = error.filename or folder
        raise HistoryError(f"{where}: {error.strerror}; not a run folder") from None
    return digest.hexdigest()[:32]


def _refuse_partial(run: Run) -> None:
    if not run.manifest.get("finished_unix_ns"):
        raise HistoryError(f"{run.path}: the run is not complete: ipcmark run --resume {run.path}")


def _run_row(run: Run, folder: Path, mark: str, name: str) -> dict[str, Any]:
    manifest, keys = run.manifest, {}
    for part in ("machine", "epoch", "build"):
        keys[part] = (run.environment.get(part) or {}).get("key")
        if not keys[part]:
            raise HistoryError(f"{run.path}: environment.json has no {part} key: not comparable")
    facts = run.environment.get("facts") or {}
    uptime = str(facts.get("uptime") or "").split(" ")[0]
    return {
        "name": name or run.name, "fingerprint": mark, "folder": str(folder),
        "started_ns": manifest.get("started_unix_ns") or 0,
        "finished_ns": manifest["finished_unix_ns"], "boot": facts.get("boot_id"),
        "uptime_s": float(uptime) if uptime else None, **keys,
        "program": run.environment["build"].get("program"), "commit_id": manifest.get("commit"),
        "dirty": manifest.get("dirty"), "plan": manifest.get("plan_name"),
    }  # fmt: skip


def _insert_run(connection: sqlite3.Connection, row: dict[str, Any]) -> int:
    same = connection.execute("SELECT folder FROM run WHERE name = ?", (row["name"],)).fetchone()
    if same:
        raise DuplicateRun(
            f"{row['folder']}: a run `{row['name']}` with other records is in the history, from "
            f"{same[0]}; import this one by another name: --as NAME"
        )
    columns, marks = ", ".join(row), ", ".join("?" * len(row))
    inserted = connection.execute(f"INSERT INTO run ({columns}) VALUES ({marks})", [*row.values()])
    return int(inserted.lastrowid or 0)


def _add_places(connection: sqlite3.Connection, run: Run) -> None:
    for part in ("machine", "epoch", "build"):
        fields = run.environment[part]
        row = (part, fields["key"], canonical(fields))
        connection.execute("INSERT OR IGNORE INTO place VALUES (?, ?, ?)", row)


def series_id(connection: sqlite3.Connection, name: Name) -> int:
    """The number of a series; a new one if there was none."""
    columns = "experiment, value, case_json, metric_json"
    found = connection.execute(
        "SELECT id FROM series WHERE experiment = ? AND value = ? AND case_json = ? AND metric_json = ?",
        name,
    ).fetchone()
    if found:
        return int(found[0])
    row = connection.execute(f"INSERT INTO series ({columns}) VALUES (?, ?, ?, ?)", name)
    return int(row.lastrowid or 0)


def _add_nights(connection: sqlite3.Connection, run: int, nights: dict[Name, Night]) -> None:
    ids = {name: series_id(connection, name) for name in nights}
    # In the order of the key: a night then walks the tables once, from end to end.
    ordered = sorted(nights.items(), key=lambda both: ids[both[0]])
    connection.executemany(
        "INSERT INTO launch VALUES (?, ?, ?, ?)",
        (
            (ids[name], run, k, v)
            for name, night in ordered
            for k, v in sorted(night.launches.items())
        ),
    )
    connection.executemany(
        "INSERT INTO night VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((ids[name], run, n.median, n.lo, n.hi, n.error, len(n.launches), n.level_ns, n.unstable)
         for name, n in ordered),
    )  # fmt: skip


def _add_health(connection: sqlite3.Connection, run: int, read: Run) -> None:
    manifest, clock = read.manifest, read.manifest.get("clock") or {}
    canary = [r.canary_ns for r in read.records if r.canary_ns > 0]
    probes = [cpu for p in manifest.get("probes") or [] for cpu in p.get("noise") or []]
    most = lambda field: max((p.get(field) or 0 for p in probes), default=None)  # noqa: E731
    q = lambda share: stats.nearest_rank(canary, share) if canary else None  # noqa: E731
    row = (
        run, q(0.5), q(0.1), q(0.9), manifest.get("launches_done"),
        len(manifest.get("contaminated") or []), sum(r.status == "failed" for r in read.records),
        most("stolen_ppm"), most("longest_ns"), clock.get("cost_p50_ns"), clock.get("quantum_ns"),
        clock.get("calibration_error_ppm"),
    )  # fmt: skip
    connection.execute(f"INSERT INTO health VALUES ({', '.join('?' * len(row))})", row)


def _add_papers(connection: sqlite3.Connection, run: int, folder: Path) -> None:
    """What analysis, the gate and people wrote into the folder since; absent papers take nothing away."""
    _add_crossover(connection, run, paper(folder / "summary.json"))
    mark = paper(folder / "mark.json")
    if mark:
        set_mark(connection, run, mark.get("mark"), mark.get("why"))
    add_gate(connection, run, paper(folder / "gate.json"))


def paper(file: Path) -> dict[str, Any]:
    """A JSON object from a file; empty where there is none. Raises HistoryError on anything else."""
    try:
        content = json.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise HistoryError(f"{file}: cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise HistoryError(f"{file}: not an object")
    return content


def set_mark(connection: sqlite3.Connection, run: int, mark: str | None, why: str | None) -> None:
    connection.execute("UPDATE run SET mark = ?, mark_why = ? WHERE id = ?", (mark, why, run))


def _add_crossover(connection: sqlite3.Connection, run: int, summary: dict[str, Any]) -> None:
    told = ("queue", "metric", "status", "T_bytes", "lo", "hi")
    for row in summary.get("crossover") or []:
        condition = canonical({
            k: row.get(k) for k in ("pattern", "placement", "wait", "touch", "access", "batch", "idle")
        })  # fmt: skip
        queue, metric, status, *numbers = (row.get(k) for k in told)
        numbers = [None if n is None else float(n) for n in numbers]  # "inf" is a number to us
        connection.execute(
            "INSERT OR REPLACE INTO crossover VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (run, queue, metric, condition, status, *numbers),
        )


def add_gate(connection: sqlite3.Connection, run: int, said: dict[str, Any]) -> None:
    """What a gate's paper says of this run; a later judgement replaces an earlier one."""
    if not said:
        return
    for table in ("gate", "finding", "control", "sensitivity"):
        connection.execute(f"DELETE FROM {table} WHERE run = ?", (run,))
    row = (run, *(said.get(k) for k in VALUES_OF_GATE))
    connection.execute("INSERT INTO gate VALUES (?, ?, ?, ?, ?, ?)", row)
    for table, fields in TABLES_OF_GATE.items():
        for entry in said.get(table) or []:
            values = [_cell(connection, entry, field) for field in fields]
            marks = ", ".join("?" * (len(values) + 1))
            columns = ", ".join(("run", *fields))
            connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", [run, *values])


TABLES_OF_GATE = {
    "finding": (
        "series", "verdict", "effect", "z", "ratio", "lo", "hi", "p", "mde", "reason", "accepted"
    ),
    "control": ("series", "ratio", "lo", "hi", "sd", "n", "confirmed"),
    "sensitivity": ("injected", "ratio", "lo", "hi", "confirmed"),
}  # fmt: skip


def _cell(connection: sqlite3.Connection, entry: dict[str, Any], field: str) -> Any:
    if field == "series":
        return series_id(connection, Name(*entry["series"]))
    return entry.get(field, 0) if field == "accepted" else entry.get(field)
