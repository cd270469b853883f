"""Read a run folder: its manifest, its environment and its records (schema: results/README.md).

The only file that knows how a run is stored. Lines that are not records are named by file and line on stderr and
left out; a record of an unknown schema stops the reading, since its numbers may mean something else.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import shape
from histogram import Histogram, merge
from record import Case, Key, Record, as_number, axis, by_launch, case_key, cases
from record import constant_axes, freeze, group, leave_out_superseded, metric_key, select
from record_files import lines_of, record_files

__all__ = [
    "Case",
    "Histogram",
    "Key",
    "Record",
    "RecordsError",
    "Run",
    "as_number",
    "axis",
    "by_launch",
]
__all__ += [
    "case_key",
    "cases",
    "constant_axes",
    "freeze",
    "group",
    "load",
    "merge",
    "metric_key",
    "select",
]

SCHEMA = 1
MAX_WARNINGS_PER_FILE = 5
LACKING = "records leave out axes that the manifest's `neutral` would say; left out"


class RecordsError(Exception):
    """What stops the reading; its text is one line with file and line."""


class AxesLacking(ValueError):
    """A record that would be whole with the manifest's neutral axes, which are not to be had."""


@dataclass(slots=True)
class Run:
    """A run folder in memory."""

    path: Path
    manifest: dict[str, Any]
    environment: dict[str, Any]
    records: list[Record]
    warnings: list[str]
    memo: dict[str, Any] = field(default_factory=dict, repr=False)  # what figures derive once

    @property
    def name(self) -> str:
        return self.manifest.get("run") or self.path.name

    @property
    def neutral(self) -> Case:
        """The axes that its records may leave out, with their values."""
        told = self.manifest.get("neutral")
        return told if isinstance(told, dict) else {}

    def complete(self, neutral: Case) -> None:
        """Give every record the axes it left out, or was written before there were."""
        for record in self.records:
            record.raw["case"] = {**neutral, **record.raw["case"]}

    def of(self, experiment: str, **axes: Any) -> list[Record]:
        """The usable records of an experiment at the given axes."""
        return select((r for r in self._by_experiment(experiment) if r.ok), **axes)

    def _by_experiment(self, name: str) -> list[Record]:
        """Its records, sought once: figures ask some hundred times."""
        of, many, found = self.memo.get("experiments", (None, 0, {}))
        if of is not self.records or many != len(of):  # a copy of a run shares what it remembers
            found = {}
            for record in self.records:
                found.setdefault(record.experiment, []).append(record)
            self.memo["experiments"] = self.records, len(self.records), found
        return found.get(name, [])


def load(folder: str | Path) -> Run:
    """Read a run folder; warnings go to stderr and are kept."""
    run = load_papers(folder)
    gc.disable()  # millions of small objects, none of them garbage: collecting doubles the time
    try:
        for file in record_files(run.path):
            run.records += read_lines(file, run.warnings, run.neutral)
    finally:
        gc.enable()
    _tell_families(run.records, run.manifest)
    return complete(run)


def load_papers(folder: str | Path) -> Run:
    """A run without its records: manifest and environment. Raises RecordsError as load does."""
    path = Path(folder)
    if not path.is_dir():
        raise RecordsError(f"{path}: not a run folder")
    warnings: list[str] = []
    manifest = _read_object(path / "manifest.json", warnings)
    _check_schema(manifest, f"{path / 'manifest.json'}:1")
    plan = manifest.get("plan")
    if isinstance(plan, dict) and plan.get("inject"):
        raise RecordsError(f"{path}: faults were injected into this run; it has measured nothing")
    environment = _read_object(path / "environment.json", warnings)
    return Run(path, manifest, environment, [], warnings)


def complete(run: Run) -> Run:
    """Leave out what was run again and say what was wrong; RecordsError where no record is left."""
    leave_out_superseded(run.records)
    lacking = [w for w in run.warnings if w.endswith(LACKING)]
    if lacking:
        run.warnings = [w for w in run.warnings if w not in lacking] + [_lacking(run, lacking)]
    if lacking and not run.records:  # one cause, one line: that its papers are missing is the same
        raise RecordsError(run.warnings[-1])
    for warning in run.warnings:
        print(warning, file=sys.stderr)
    if not run.records:
        raise RecordsError(f"{run.path}: no records")
    return run


def _lacking(run: Run, lines: list[str]) -> str:
    """One line for all files: what the manifest is, how many records need it, what would help."""
    file = run.path / "manifest.json"
    told = [
        w.removeprefix(str(file)).lstrip(":1 ") for w in run.warnings if w.startswith(str(file))
    ]
    why = told[0].partition(";")[0] if told else "no `neutral` in it"
    count = sum(int(line.removesuffix(f" {LACKING}").rpartition(" ")[2]) for line in lines)
    return (
        f"{file}: {why}, and {count} records leave out the axes whose values only its `neutral` says; "
        "put the run's own back, or the `neutral` of another run of the same program"
    )


def _tell_families(records: list[Record], manifest: dict[str, Any]) -> None:
    """A run says once of what family a transport is, for all of its records."""
    transports = manifest.get("transports")
    transports = transports if isinstance(transports, dict) else {}
    for record in records:
        told = transports.get(record.transport)
        if isinstance(told, dict) and "family" in told:
            record.raw.setdefault("transport_family", told["family"])


def _read_object(file: Path, warnings: list[str]) -> dict[str, Any]:
    try:
        content = json.loads(file.read_bytes())
        if isinstance(content, dict):
            wrong = shape.strip_papers(content)
            warnings.extend(f"{file}:1: field `{n}` is not what the schema says" for n in wrong)
            return content
        warnings.append(f"{file}:1: not an object; ignored")
    except OSError as error:
        warnings.append(f"{file}: {error.strerror}; its facts are missing")
    except (ValueError, RecursionError) as error:
        warnings.append(f"{file}:{getattr(error, 'lineno', 1)}: not JSON; its facts are missing")
    return {}


def _check_schema(content: dict[str, Any], where: str) -> None:
    if "schema" in content and content["schema"] != SCHEMA:
        raise RecordsError(f"{where}: schema {content['schema']} is unknown; this reads {SCHEMA}")


def read_lines(
    file: Path, warnings: list[str], neutral: Case, part: int = 0, parts: int = 1
) -> Iterator[Record]:
    """The records of a file, as they are read; of `parts` readers each takes every parts-th line.

    What is no record is added to the warnings, by line, once the file has ended.
    """
    skipped: list[str] = []
    number = lacking = 0
    try:
        for number, line in enumerate(lines_of(file), start=1):
            if number % parts != part or not line.strip():
                continue
            where = f"{file}:{number}"
            try:
                yield _parse(line, where, neutral)
            except AxesLacking:
                lacking += 1
            except ValueError as error:
                cut = not line.endswith(b"\n")  # the writer was stopped here
                skipped.append(f"{where}: {'truncated last line' if cut else error}; left out")
    except OSError as error:
        if part > 0:  # the first reader says it
            pass
        elif number == 0:
            warnings.append(f"{file}: {error.strerror}; left out")
        else:
            skipped.append(f"{file}:{number + 1}: {error.strerror}; left out from here on")
    warnings += [f"{file}: {lacking} {LACKING}"] if lacking else []
    warnings += skipped[:MAX_WARNINGS_PER_FILE]
    if len(skipped) > MAX_WARNINGS_PER_FILE:
        warnings.append(f"{file}: {len(skipped) - MAX_WARNINGS_PER_FILE} more lines left out")


def _parse(line: bytes, where: str, neutral: Case) -> Record:
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
    if not isinstance(raw, dict) or "schema" not in raw:
        raise ValueError("not a record")
    if raw["schema"] != SCHEMA:  # this line alone: the rest of the folder is kept
        raise ValueError(f"schema {raw['schema']} is unknown; this reads {SCHEMA}")
    if "injected" in raw:
        raise ValueError("a fault was injected into its launch")
    if isinstance(raw.get("case"), dict):
        raw["case"] = {**neutral, **raw["case"]}
    wrong = shape.complaint(raw)
    if wrong and not neutral and shape.lacks_axes(raw.get("case")):
        raise AxesLacking(wrong)
    if wrong:
        raise ValueError(wrong)
    record = Record(raw, where)
    for name in raw["histograms"]:
        _decode(record, name)
    return record


def _decode(record: Record, name: str) -> None:
    try:
        record.histogram(name)
        del record.raw["histograms"][name]["buckets"]  # decoded they take a tenth of the memory
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"histogram `{name}`: {error}") from None
