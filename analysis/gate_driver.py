"""Stage two's hands: two binaries measured alternately, the same cases, in ABBA blocks.

`Driver` is what the gate needs of a machine; `Ipcmark` is the real one, tests and simulations bring
their own. A side of a block is one `ipcmark run` of a plan that holds the wanted cases and nothing else,
with the effort of the night it is to explain: one launch a case.
"""

from __future__ import annotations

import ctypes
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

import nightly
import nightly_records
import nightly_values
import records
import stats
from baseline import Binary
from nightly_values import Name

LOCK_S, LOCK_TRIES = 10.0, 60  # another run holds the machine: wait ten minutes at most
ATTEMPTS = 2  # blocks begun for a block wanted: the canary may change its level within one
EFFORT = ("warm_up_ns", "measure_ns", "operations_ns", "phase_deadline_ns")
DERIVED = {"queue", "shm", "raw", "auto"}  # paths that say the threshold themselves


class DriverFailed(Exception):
    """Why a side could not be measured, in one line."""


class Driver(Protocol):
    """Measures series with a binary: name -> (value, canary ns or None). Raises DriverFailed."""

    def measure(self, binary: Binary, names: list[Name]) -> dict[Name, tuple[float, float | None]]:
        ...


@dataclass
class Pairs:
    """What ABBA blocks gave a series: rows of two launches a side, in the unit of the series."""

    baseline: list[list[float]] = field(default_factory=list)
    candidate: list[list[float]] = field(default_factory=list)

    @property
    def blocks(self) -> int:
        return len(self.baseline)

    def arrays(self) -> tuple[stats.Array, stats.Array]:
        return np.array(self.baseline), np.array(self.candidate)


def abba(
    driver: Driver,
    baseline: Binary,
    candidate: Binary,
    names: list[Name],
    blocks: int = nightly.kBlocks,
    twin: Callable[[Name], Name] = lambda name: name,
    progress: Callable[[str], None] = lambda text: None,
) -> dict[Name, Pairs]:
    """Blocks of A B B A and B A A B in turn; `twin` says what the candidate measures in a series' place.

    A block counts for a series when all four launches have a value and their canaries one level.
    """
    pairs = {name: Pairs() for name in names}
    for block in range(ATTEMPTS * blocks):
        wanted = [name for name in names if pairs[name].blocks < blocks]
        if not wanted:
            break
        progress(f"block {block + 1} of {blocks}: {len(wanted)} series")
        got: dict[str, list[dict]] = {"A": [], "B": []}
        for side in ("ABBA", "BAAB")[block % 2]:
            binary = baseline if side == "A" else candidate
            asked = wanted if side == "A" else [twin(name) for name in wanted]
            got[side].append(driver.measure(binary, asked))
        for name in wanted:
            _add_block(
                pairs[name], [g.get(name) for g in got["A"]], [g.get(twin(name)) for g in got["B"]]
            )
    return pairs


def _add_block(pairs: Pairs, a: list, b: list) -> None:
    if None in (*a, *b):
        return
    levels = [level for _, level in (*a, *b) if level]
    if levels and max(levels) > 1.15 * min(levels):
        return
    pairs.baseline.append([value for value, _ in a])
    pairs.candidate.append([value for value, _ in b])


@dataclass
class Ipcmark:
    """Runs the binaries on this machine; every run's folder stays under `work`."""

    work: Path
    night: records.Run  # whose effort is repeated, whose machine and epoch must still hold
    thresholds: dict[str, Any]  # case of an `auto` series -> the threshold it had
    count: int = 0

    def measure(self, binary: Binary, names: list[Name]) -> dict[Name, tuple[float, float | None]]:
        """One launch of each case. Raises DriverFailed; pairing.Refused if the machine has changed."""
        from pairing import check_same_place

        self.count += 1
        folder = self.work / f"{self.count:04d}"
        plan = self.work / f"{self.count:04d}.toml"
        sent = {name: self._case(name) for name in names}
        text = plan_text(self.night.manifest.get("plan") or {}, names, list(sent.values()))
        plan.write_text(text, encoding="utf-8")
        self._run(binary, plan, folder)
        read = nightly_records.load(folder)
        check_same_place(self.night, read.run, across_epoch=False)
        found = nightly_values.of_run(read)
        by_case = {(n.experiment, n.value, n.metric, n.case): night for n, night in found.items()}
        answer = {}
        for name in names:
            key = (name.experiment, name.value, name.metric, nightly_values.canonical(sent[name]))
            if key in by_case:
                answer[name] = (by_case[key].median, by_case[key].level_ns)
        return answer

    def _case(self, name: Name) -> dict[str, Any]:
        """The case to ask for: `auto`'s choice is frozen at what it was."""
        case = json.loads(name.case)
        if case.get("path") == "auto":
            case |= {"path": "fixed", "threshold_bytes": self.thresholds.get(name.case, 0)}
        return case

    def _run(self, binary: Binary, plan: Path, folder: Path) -> None:
        plan_of = self.night.manifest.get("plan") or {}
        command = [
            str(binary.path),
            "run",
            "all",
            "--plan",
            str(plan),
            "--out",
            str(folder),
            "--quiet",
        ]
        for plugin in binary.plugins:
            command += ["--plugin", str(plugin)]
        if self.night.environment.get("tuning"):  # or it would be of another epoch
            command.append("--tune")
        for check in plan_of.get("allowed") or []:
            command += ["--allow", check]
        if plan_of.get("cpus"):
            command += ["--cpus", ",".join(map(str, plan_of["cpus"]))]
        for _ in range(LOCK_TRIES):
            done = subprocess.run(
                command, capture_output=True, text=True, preexec_fn=_die_with_parent
            )
            if done.returncode != 3 or "another run" not in done.stderr:
                break
            time.sleep(LOCK_S)
        if (
            done.returncode not in (0, 4) or not folder.is_dir()
        ):  # 4: some launches failed, the rest count
            lines = (done.stderr or done.stdout).strip().splitlines() or ["no words"]
            raise DriverFailed(f"{binary.path} ended with {done.returncode}: {lines[-1]}")


def _die_with_parent() -> None:
    """A gate that is killed must not leave a run that holds the machine's lock."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def plan_text(plan: dict[str, Any], names: Iterable[Name], cases: Iterable[dict[str, Any]]) -> str:
    """A plan of one block that holds just these cases, each once, with the night's effort."""
    effort = plan.get("run") or {}
    lines = ["[run]", "blocks = 1", "allowed_failures = 1.0"]
    lines += [f'{k} = "{effort[k]}ns"' for k in EFFORT if effort.get(k)]
    lines += [f"{k} = {effort[k]}" for k in ("warm_up_messages", "windows") if effort.get(k)]
    tables: dict[str, None] = {}
    for name, case in zip(names, cases):
        axes = {k: v for k, v in case.items() if not (k == "threshold_bytes" and _derived(case))}
        body = "\n".join(f"{k} = {json.dumps(v)}" for k, v in sorted(axes.items()))
        tables[f"\n[[{name.experiment}]]\n{body}"] = None
    return "\n".join([*lines, *tables]) + "\n"


def _derived(case: dict[str, Any]) -> bool:
    return case.get("path", "raw") in DERIVED


def auto_thresholds(night: records.Run) -> dict[str, Any]:
    """The threshold that each `auto` case had last in the night, by the case's text."""
    found = {}
    for record in sorted(night.records, key=lambda r: r.launch_order):
        if record.ok and record.case.get("path") == "auto":
            case = nightly_values.short_case(record.case, night.neutral)
            found[nightly_values.canonical(case)] = record.case.get("threshold_bytes", 0)
    return found


def say(text: str) -> None:
    """A progress line."""
    print(f"gate: {text}", file=sys.stderr, flush=True)
