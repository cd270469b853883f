"""The history for other tools: tidy CSV, and what Apache Otava reads (docs/CSV.md there).

Otava wants a file a test: one row a run, a column a metric. A test here is an experiment and a
transport on one machine; its metrics are that transport's series, for which lower is better.
"""

from __future__ import annotations

import csv
import json
import math
import re
import sqlite3
from datetime import datetime, timezone
from pathlib import Path

import history_nights
from history_db import HistoryError
from history_nights import Nights
from nightly_values import Name


def tidy(connection: sqlite3.Connection, out: Path, machine: str | None) -> list[Path]:
    """One row a series and night; times in ns (value `calls`: calls a message)."""
    nights, names = _nights(connection, machine), history_nights.series(connection)
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("time", "run", "machine", "epoch", "build", "commit", "mark", "experiment",
                         "value", "case", "metric", "median", "lo", "hi"))  # fmt: skip
        for at, number in enumerate(nights.ids):
            for column, run in enumerate(nights.runs):
                if not math.isnan(nights.median[at, column]):
                    cells = [t[at, column] for t in (nights.median, nights.lo, nights.hi)]
                    writer.writerow([
                        _time(run.started_ns), run.name, run.machine, run.epoch, run.build,
                        run.commit, run.mark or "", *names[number], *map(_number, cells),
                    ])  # fmt: skip
    return [out]


def otava(connection: sqlite3.Connection, out: Path, machine: str | None) -> list[Path]:
    """A CSV for each experiment and transport, and otava.yaml naming them all."""
    nights, names = _nights(connection, machine), history_nights.series(connection)
    tests: dict[str, list[int]] = {}
    for at, number in enumerate(nights.ids):
        transport = json.loads(names[number].case).get("transport", "none")
        tests.setdefault(f"{names[number].experiment}.{transport}", []).append(at)
    out.mkdir(parents=True, exist_ok=True)
    written, config = [], ["tests:"]
    for test, rows in sorted(tests.items()):
        columns = _columns([names[nights.ids[at]] for at in rows])
        written.append(_write_test(out / f"{test}.csv", nights, rows, columns))
        config += [
            f"  {test}:", "    type: csv", f"    file: {test}.csv", "    time_column: time",
            "    attributes: [commit, run, epoch, build]", "    metrics:",
        ]  # fmt: skip
        config += [f"      {c}: {{column: {c}, direction: -1}}" for c in columns]
        config += ["    csv_options:", "      delimiter: ','", "      quote_char: '\"'"]
    (out / "otava.yaml").write_text("\n".join(config) + "\n")
    return [*written, out / "otava.yaml"]


def _write_test(file: Path, nights: Nights, rows: list[int], columns: list[str]) -> Path:
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("time", "commit", "run", "epoch", "build", *columns))
        for at, run in enumerate(nights.runs):
            values = [_number(nights.median[row, at]) for row in rows]
            facts = (_time(run.started_ns), run.commit, run.name, run.epoch, run.build)
            if any(values) and run.mark not in ("excluded", "noisy"):
                writer.writerow((*facts, *values))
    return file


def _columns(names: list[Name]) -> list[str]:
    """A word for each series: its value and the axes that tell it from the others, unique."""
    cases = [json.loads(name.case) | {"metric": name.metric} for name in names]
    axes = sorted({axis for case in cases for axis in case})
    varied = [a for a in axes if len({repr(case.get(a)) for case in cases}) > 1 and a != "metric"]
    words, seen = [], {}
    for name, case in zip(names, cases):
        parts = [name.value, *(f"{a}_{case[a]}" for a in varied if a in case)]
        word = re.sub(r"[^A-Za-z0-9_]+", "_", "_".join(parts))
        seen[word] = seen.get(word, 0) + 1
        words.append(word if seen[word] == 1 else f"{word}_metric{seen[word]}")
    return words


def _nights(connection: sqlite3.Connection, machine: str | None) -> Nights:
    every = history_nights.runs(connection)
    chosen = [run for run in every if run.machine == (machine or every[-1].machine)]
    if not chosen:
        known = ", ".join(sorted({run.machine for run in every})) or "none"
        raise HistoryError(f"no runs of machine {machine}; the history has {known}")
    return history_nights.load(connection, chosen)


def _time(ns: int) -> str:
    return datetime.fromtimestamp(ns / 1e9, timezone.utc).strftime("%Y-%m-%d %H:%M:%S +0000")


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.7g}"


FORMATS = {"csv": tidy, "otava": otava}
