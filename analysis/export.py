#!/usr/bin/python3
"""A run in the formats of other tools: chart actions, CI reports, dashboards, spreadsheets, HdrHistogram.

    google-launches  Google Benchmark JSON, a row a launch: for its compare.py
    google-cases     the same, a row a case with median and interval: chart actions, Bencher
    bmf              Bencher's metric format
    junit            JUnit XML: skipped and failed cases with their reasons, and the gate's verdict
    openmetrics      OpenMetrics text
    markdown         a CI job's summary, below 1 MiB
    csv              tidy: a row a launch and case
    hgrm             HdrHistogram's percentiles, a file a case: -o names a folder
    hlog             HdrHistogram's log, a line a launch

No format ever holds NaN or an infinity (an axis that is `inf` reads `unlimited`), and what was skipped is nowhere a
number. Exit codes: 0; 2 for an unknown format and for what cannot be read or written.

    analysis/export.py RUN_DIR --format NAME [-o FILE]         to stdout without -o
    analysis/export.py RUN_DIR --format NAME,NAME|all -o DIR   several, under their usual names
"""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import command
import records
from figure import said
from records import RecordsError, Run

# name: (module, function, usual file name)
FORMATS = {
    "google-launches": ("google", "launches", "google-launches.json"),
    "google-cases": ("google", "cases", "google-cases.json"),
    "bmf": ("bmf", "export", "bmf.json"),
    "junit": ("junit", "export", "junit.xml"),
    "openmetrics": ("openmetrics", "export", "openmetrics.txt"),
    "markdown": ("markdown", "export", "summary.md"),
    "csv": ("tidy", "export", "launches.csv"),
    "hgrm": ("hgrm", "export", "hgrm"),
    "hlog": ("hlog", "export", "launches.hlog"),
}


class Refused(Exception):
    """What was asked for and cannot be had, in one line."""


def main(argv: list[str] | None = None) -> int:
    given = options(argv)
    try:
        names = chosen(given.format)
        run = records.load(given.run_dir)
        if len(names) > 1 and given.out is None:
            raise Refused("several formats: -o DIR says where")
        for name in names:
            usual = FORMATS[name][2]
            write(name, convert(run, name), given.out / usual if len(names) > 1 else given.out)
    except (RecordsError, Refused, OSError) as error:
        print(f"export.py: {said(error)}", file=sys.stderr)
        return 2
    return 0


def chosen(text: str) -> list[str]:
    """The formats named. Raises Refused naming the valid ones."""
    names = list(FORMATS) if text == "all" else list(dict.fromkeys(text.split(",")))
    for name in names:
        if name not in FORMATS:
            raise Refused(f"--format {name}: unknown; one of {', '.join(FORMATS)}, all")
    return names


def convert(run: Run, name: str) -> str | dict[str, str]:
    """One format's text, or its texts by file name."""
    module, function, _ = FORMATS[name]
    return getattr(importlib.import_module(f"exports.{module}"), function)(run)


def write(name: str, made: str | dict[str, str], out: Path | None) -> None:
    """To a file (or files in a folder), whose path is printed; one text alone may go to stdout."""
    if out is None and isinstance(made, dict):
        raise Refused(f"--format {name} makes {len(made)} files: -o DIR says where")
    if out is None:
        with naming("stdout"):
            sys.stdout.write(made)
            sys.stdout.flush()
        return
    for file, text in made.items() if isinstance(made, dict) else [("", made)]:
        path = out / file if file else out
        with naming(str(path)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    print(out)


@contextmanager
def naming(file: str) -> Iterator[None]:
    """A full disk is found out by a write, whose error has no file's name: this one."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, error.filename or file) from None


def options(argv: list[str] | None) -> argparse.Namespace:
    parser = command.Parser(__doc__)
    parser.add_argument("run_dir", type=Path, help="a run folder")
    parser.add_argument("--format", required=True, metavar="NAME[,NAME...]|all")
    parser.add_argument("-o", "--out", type=Path, help="file, or folder for several")
    return parser.parse_args(argv)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` is no error
    sys.exit(command.ended(main))
