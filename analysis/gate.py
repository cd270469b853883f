#!/usr/bin/python3
"""Did last night make anything slower? A verdict for one nightly run, with known false alarms.

Imports the run into the history, holds every series against the last thirty nights of the same
machine and epoch, measures what left its window again the same night (stored baseline binary
against tonight's, ten ABBA blocks), and says for each: REGRESSED, IMPROVED, CLEARED, SUSPECT,
NO_BASELINE or ENVIRONMENT_SHIFT. A tenth of the cases is measured baseline against itself: a
finding there is INSTRUMENT_UNHEALTHY. Writes RUN_DIR/gate.json.

The first binary is kept as the baseline by itself; later ones with --adopt, which also accepts what
was confirmed. Exit codes: 0 (also SUSPECT, CLEARED, NO_BASELINE, IMPROVED and ENVIRONMENT_SHIFT:
notices); 1 REGRESSED; 2 bad usage; 3 refused: another machine, a damaged history, a clock set back,
a duplicate run; 4 INSTRUMENT_UNHEALTHY, BASELINE_MISSING or BASELINE_BROKEN.

    analysis/gate.py RUN_DIR --binary build/release/bench/ipcmark [--plugin FILE]... [--json]
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import baseline
import command
import gate_driver
import gate_night
import gate_report
import history_clock
import history_db
import history_import
import history_nights
import pairing
import nightly_records
from baseline import Binary, Unusable
from figure import said
from gate_judge import Judgement
from gate_night import Means, ThresholdTooLow, Wishes
from history_db import HistoryError
from history_nights import Row
from nightly_records import NightlyRun
from records import RecordsError, Run


class Refused(HistoryError):
    """Why tonight must not be judged."""


def main(argv: list[str] | None = None, driver: gate_driver.Driver | None = None) -> int:
    """`driver` stands in for the machine in tests."""
    given = options(argv)
    try:
        night = nightly_records.load(given.run_dir)
        with closing(history_db.connect(given.history, create=True)) as connection:
            tonight = receive(given, night, connection)
            if given.adopt is not None:
                return adopt(given, night.run, tonight, connection)
            found = judge(given, night.run, tonight, connection, driver)
            store(connection, tonight, given.run_dir, found)
    except ThresholdTooLow as error:
        print(f"gate.py: {error}", file=sys.stderr)
        return 2
    except (HistoryError, RecordsError, pairing.Refused, Unusable, sqlite3.Error, OSError) as error:
        return refused(given, error)
    print(json.dumps(found.as_json(), allow_nan=False) if given.json else gate_report.text(found))
    return found.exit_code


def refused(given: argparse.Namespace, error: Exception) -> int:
    """One line with its word; exit 3."""
    word = getattr(error, "verdict", "REFUSED")
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        error, word = history_db.damaged(given.history, str(error)), "HISTORY_DAMAGED"
    text = said(error) if isinstance(error, OSError) else str(error)
    print(f"{word}: {text}", file=sys.stderr)
    if given.json:
        print(json.dumps({"schema": 1, "verdict": word, "said": text, "exit_code": 3}))
    return 3


def receive(given: argparse.Namespace, night: NightlyRun, connection: sqlite3.Connection) -> Row:
    """Tonight's run, in the history; refused where it must not be compared."""
    machine = night.run.environment.get("machine") or {}
    gate_night.refuse_strange(connection, machine, given.new_machine)
    number, _ = history_import.add(connection, given.run_dir, night=night)
    rows = history_nights.runs(connection)
    tonight = next(row for row in rows if row.id == number)
    later = [
        r
        for r in rows
        if r.machine == tonight.machine and r.started_ns > tonight.started_ns and r.id < number
    ]
    if later and not given.backfill:
        raise history_clock.ClockSetBack(
            f"{given.run_dir}: the clock was set back: dated {history_clock.when(tonight.started_ns)}, before "
            f"{len(later)} nights that were there first (`{later[-1].name}`, "
            f"{history_clock.when(later[-1].started_ns)}); an old run is judged with --backfill"
        )
    if tonight.mark == "excluded":
        raise Refused(
            f"{tonight.name}: marked as excluded: {tonight.mark_why or 'no reason given'}"
        )
    return tonight


def judge(
    given: argparse.Namespace,
    run: Run,
    tonight: Row,
    connection: sqlite3.Connection,
    driver: gate_driver.Driver | None,
) -> Judgement:
    """The night's judgement, and the first baseline kept."""
    wishes = Wishes(
        None if given.threshold is None else given.threshold / 100, given.force, given.most,
        given.blocks, given.sensitivity, not given.no_control,
    )  # fmt: skip
    work = given.run_dir / "gate.partial"
    shutil.rmtree(work, ignore_errors=True)  # of a gate that was killed
    means = find_means(given, run, tonight, driver or real_driver(work, run))
    work.mkdir()
    try:
        found = gate_night.judge(connection, tonight, means, wishes, gate_driver.say)
    finally:
        if not given.keep:
            shutil.rmtree(work, ignore_errors=True)
    first = means.candidate and not means.baseline and not means.unusable
    if first and not found.finding:
        facts = {"run": tonight.name, "kept_ns": time.time_ns()}
        baseline.keep(given.store, tonight.machine, means.candidate, facts)
    return found


def find_means(
    given: argparse.Namespace, run: Run, tonight: Row, driver: gate_driver.Driver
) -> Means:
    """Baseline and candidate, verified; without them, why."""
    if given.binary is None:
        return Means(why="no --binary was given: nothing was measured again")
    candidate = Binary(given.binary, tuple(given.plugin))
    refuse_other_build(run, candidate)
    try:
        kept = baseline.of_machine(given.store, tonight.machine)
    except Unusable as error:
        return Means(None, None, candidate, error.verdict, str(error))
    if kept is None:
        why = "no baseline binary was kept yet"
        return Means(None, None, candidate, why=why)
    return Means(driver, kept[0], candidate)


def refuse_other_build(run: Run, candidate: Binary) -> None:
    """The program given must be the one that measured tonight, or stage two explains another."""
    build = run.environment.get("build") or {}
    expected = "+".join(
        [str(build.get("program")), *map(str, (build.get("plugins") or {}).values())]
    )
    if sorted(candidate.id.split("+")) != sorted(expected.split("+")):
        raise Refused(
            f"{candidate.path}: build-id {candidate.id or 'none'}, but the run was measured by {expected}"
        )


def real_driver(work: Path, run: Run) -> gate_driver.Ipcmark:
    return gate_driver.Ipcmark(work, run, gate_driver.auto_thresholds(run))


def store(connection: sqlite3.Connection, tonight: Row, folder: Path, found: Judgement) -> None:
    """Into the folder, then the history: killed between, the next import finds the paper."""
    content = {**found.as_json(), "judged_ns": time.time_ns()}
    baseline.write_json(folder / "gate.json", content)
    with history_db.transaction(connection):
        history_import.add_gate(connection, tonight.id, content)


def adopt(given: argparse.Namespace, run: Run, tonight: Row, connection: sqlite3.Connection) -> int:
    """Tonight's binary is the baseline from now on; what was confirmed up to tonight is accepted."""
    if given.binary is None:
        raise Refused("--adopt: which binary? --binary FILE")
    candidate = Binary(given.binary, tuple(given.plugin))
    refuse_other_build(run, candidate)
    facts = {"run": tonight.name, "kept_ns": time.time_ns(), "why": given.adopt}
    folder = baseline.keep(given.store, tonight.machine, candidate, facts)
    rows = [
        r
        for r in history_nights.runs(connection, tonight.machine)
        if r.started_ns <= tonight.started_ns
    ]
    for row in rows:
        _accept(connection, row)
    print(f"{folder}: the baseline of machine {tonight.machine} from now on")
    return 0


def _accept(connection: sqlite3.Connection, row: Row) -> None:
    """In the run's paper too, so that a rebuilt history knows it."""
    file = Path(row.folder) / "gate.json"
    content: dict[str, Any] = history_import.paper(file)
    for entry in content.get("finding") or []:
        entry["accepted"] = 1
    if content.get("finding"):
        baseline.write_json(file, content)
    with history_db.transaction(connection):
        connection.execute("UPDATE finding SET accepted = 1 WHERE run = ?", (row.id,))


def options(argv: list[str] | None) -> argparse.Namespace:
    parser = command.Parser(__doc__)
    add = parser.add_argument
    add("run_dir", type=Path, help="tonight's run")
    add(
        "--binary",
        type=Path,
        help="the program that measured it; without, nothing is measured again",
    )
    add("--plugin", type=Path, action="append", default=[], help="a plug-in it measured with")
    add("--history", type=Path, default=history_db.DEFAULT)
    add("--store", type=Path, default=Path("results/baseline"), help="where baselines are kept")
    add(
        "--threshold",
        type=percent,
        metavar="PERCENT",
        help="smallest effect of a suspect; default 2",
    )
    add("--force", action="store_true", help="take a threshold below the minimum detectable effect")
    add(
        "--most",
        type=command.count,
        default=100,
        help="suspects, and cases of the null control, at most",
    )
    add("--blocks", type=command.count, default=10, help="ABBA blocks of a re-measurement, from 6")
    add("--sensitivity", action="store_true", help="inject known delays: which are found? weekly")
    add("--no-control", action="store_true", help="leave the null control out")
    add("--adopt", nargs="?", const="", metavar="WHY", help="keep this binary as the baseline")
    add("--new-machine", action="store_true", help="begin another machine's history")
    add("--backfill", action="store_true", help="judge a run older than the newest")
    add("--keep", action="store_true", help="keep the folders of the re-measurement")
    add("--json", action="store_true")
    given = parser.parse_args(argv)
    if given.blocks < 6:
        parser.error(f"--blocks {given.blocks}: below 6 a median has no interval")
    return given


def percent(text: str) -> float:
    """A positive number of percent, `3` or `3%`; argparse names the flag."""
    try:
        value = float(text.rstrip("% "))
    except ValueError:
        value = 0.0
    if not 0 < value < 1000:
        raise argparse.ArgumentTypeError(f"{text}: a number of percent above 0, as in 3")
    return value


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` is no error
    sys.exit(command.ended(main))
