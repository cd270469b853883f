#!/usr/bin/python3
"""The fault matrix: every transport, phase and fault, through the program that people run.

Each run has one fault a block, and a last block without: the run must go on past every failure. Each stricken launch
must be recorded as failed with the true reason, within a second of its deadline, and leave nothing behind. Then the
harness itself is killed in the midst of runs: its children must die, `ipcmark clean` must leave nothing of ours, and
--resume must complete the run. Writes fault_matrix.json and fault_matrix.md; exit status 0 when every cell is green.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import fault_shares
import fault_table
import leftovers
from fault_cells import PHASES, Fault, absent, all_faults, alternating, late_elsewhere
from fault_cells import unread, verdict
from fault_modes import Mode, by_mode, first_of

EFFORT = """--plan smoke --measure-ns 1ms --allowed-failures 1
    --allow spin_on_one_cpu""".split()
# Seven bytes: the most that every transport carries, and a wrong byte is one byte.
SHAPE = "--message-bytes 7 --path shm --quiet".split()
# A cell is tried again, with more patience, where the launch failed before its fault had struck, or
# by the deadline of a phase that the fault was not in: on a busy machine, or of a mechanism that
# shares its CPUs with a kernel thread of its own. What fails so each time is wrong.
DEADLINES_MS = (100, 100, 1000, 3000)


class Matrix:
    """Where cells are run and what came of them."""

    def __init__(self, program: str, work: Path, out: Path):
        self.program, self.work, self.out = program, work, out
        self.began = time.monotonic()
        self.token = uuid.uuid4().hex
        self.temp = work / "tmp"
        self.temp.mkdir()
        self.environment = os.environ | {
            "TMPDIR": str(self.temp),
            "XDG_STATE_HOME": str(work / "state"),
            leftovers.TOKEN: self.token,
        }
        self.environment.pop("IPCMARK_JOURNAL", None)
        self.took_ms: dict[tuple[str, str], float] = {}
        self.wrong: dict[tuple[str, str], str] = {}
        self.absent: dict[tuple[str, str], str] = {}
        self.runs = 0

    def ipcmark(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [self.program, *words], env=self.environment, capture_output=True, text=True
        )

    def transports(self) -> list[dict]:
        listed = json.loads(self.ipcmark("list", "transports", "--json").stdout)["transports"]
        return [t for t in listed if t["available"]]

    def words(
        self, names: list[str], mode: Mode, blocks: int, deadline_ms: int
    ) -> tuple[list[str], Path]:
        """The command line of a run and its folder."""
        self.runs += 1
        folder = self.work / f"run{self.runs}"
        words = ["run", *mode.flags(), "--transport", ",".join(names)]
        words += [*EFFORT, *SHAPE, *f"--blocks {blocks} --max-blocks {blocks}".split()]
        words += ["--phase-deadline-ns", f"{deadline_ms}ms"]
        return [*words, "--out", str(folder)], folder

    def run(
        self, names: list[str], mode: Mode, faults: list[Fault], deadline_ms: int
    ) -> list[dict]:
        """The records of one run; raises when the run itself did not do as it must."""
        words, folder = self.words(names, mode, len(faults) + 1, deadline_ms)
        inject = ["--inject", ",".join(f.text for f in faults)] if faults else []
        before = leftovers.sysv()
        for _ in range(100):
            done = self.ipcmark(*words, *inject)
            if done.returncode != 3:  # another run holds the machine
                break
            time.sleep(3)
        if done.returncode not in (0, 4, 5):
            raise SystemExit(f"{' '.join(words)}\nexit {done.returncode}: {done.stderr}")
        manifest = json.loads((folder / "manifest.json").read_text())
        self.expect_nothing(manifest["prefix"], before, f"{folder.name}, {mode}")
        return [json.loads(line) for file in folder.glob("*.jsonl") for line in file.open()]

    def expect_nothing(self, prefix: str, before: set[str], what: str) -> None:
        """Nothing of a run is there; System V objects of others' tests may come and go meanwhile."""
        left: set[str] = set()
        for _ in range(20):
            left = leftovers.names(prefix, self.temp) | (leftovers.sysv() - before)
            left |= {f"process {pid}" for pid in leftovers.processes(self.token)}
            if not left:
                return
            time.sleep(0.1)
        self.wrong[("leftovers", what)] = ", ".join(sorted(left))

    def strike(self, transports: list[dict], mode: Mode, faults: list[Fault]) -> None:
        """All cells of some transports, again where a launch failed before its fault could strike."""
        open_cells = set()
        for transport in transports:
            for fault in faults:
                why = absent(transport, fault)
                if why:
                    self.absent[mode.label(transport["name"]), fault.text] = why
                else:
                    open_cells.add((transport["name"], fault))
        self.save()
        reached: set[str] = set()
        for deadline_ms in DEADLINES_MS:
            unwell = {t["name"] for t in transports} - reached  # not yet ok without a fault
            names = sorted({name for name, _ in open_cells} | unwell)
            if not names:
                break
            todo = [fault for fault in faults if any(f == fault for _, f in open_cells)]
            for record in self.run(names, mode, todo, deadline_ms):
                name = record["case"]["transport"]
                if record["status"] == "ok" and "injected" not in record:
                    reached.add(name)
                self.judge(record, mode, open_cells, deadline_ms)
        for name, fault in open_cells:
            self.wrong.setdefault((mode.label(name), fault.text), "the fault never struck")
        for transport in transports:
            if transport["name"] not in reached:
                self.wrong[
                    mode.label(transport["name"]), "none"
                ] = "no launch without a fault was ok"

    def take(self, table: dict) -> None:
        """What a worker found, as if it had been found here."""
        for cell in table["cells"]:
            self.took_ms[cell["transport"], cell["fault"]] = cell["ended_after_ms"]
        self.wrong |= {tuple(entry["where"]): entry["why"] for entry in table["wrong"]}
        self.absent |= {tuple(entry["where"]): entry["why"] for entry in table["absent"]}

    def save(self) -> str:
        """Writes the tables of what is known so far; their summary."""
        return fault_table.write(self.out, self, time.monotonic() - self.began)

    def judge(self, record: dict, mode: Mode, open_cells: set, deadline_ms: int) -> None:
        injected = record.get("injected")
        if injected is None:
            return
        fault = Fault(*injected["fault"].split(":"))
        cell = (record["case"]["transport"], fault)
        if cell not in open_cells:
            return
        key = (mode.label(cell[0]), fault.text)
        if injected["ended_after_ns"] is None:
            self.wrong[key] = f"the fault never struck: {record['status']}: {record['reason']}"
            return
        unseen = mode.touch == "none"
        if not unseen and deadline_ms != DEADLINES_MS[-1] and late_elsewhere(record, fault):
            self.wrong[key] = f"reason is `{record['reason']}`"
            return
        open_cells.discard(cell)
        self.wrong.pop(key, None)
        self.took_ms[key] = injected["ended_after_ns"] / 1e6
        if wrong := verdict(record, fault, deadline_ms, unseen):
            self.wrong[key] = wrong

    def kill_harness(self, names: list[str], mode: Mode, kills: int) -> None:
        """SIGKILL to the harness, at random times, of a run that must be complete in the end."""
        words, folder = self.words(names, mode, 2, 10_000)
        before = leftovers.sysv()
        for kill in range(kills + 1):
            partial = folder.with_suffix(".partial")
            again = ["run", "--resume", str(partial), "--quiet"] if partial.is_dir() else words
            harness = subprocess.Popen(
                [self.program, *again], env=self.environment, stderr=subprocess.DEVNULL
            )
            if kill < kills:
                time.sleep(random.uniform(1.2, 3))
                harness.send_signal(signal.SIGKILL)
            code = harness.wait()
            if code not in (0, -signal.SIGKILL):
                self.wrong["harness", f"killed {kill + 1}"] = f"exit {code}"
            if code == 0:
                break
            prefix = "ipcmark-"
            time.sleep(0.5)
            cleaned = self.ipcmark("clean")
            if cleaned.returncode != 0:
                self.wrong["harness", f"clean after kill {kill + 1}"] = cleaned.stderr
            if (partial / "manifest.json").exists():
                prefix = json.loads((partial / "manifest.json").read_text())["prefix"]
            self.expect_nothing(prefix, before, f"harness killed {kill + 1}")
        found = [json.loads(line) for file in folder.glob("*.jsonl") for line in file.open()]
        bad = [r for r in found if r["status"] == "failed"]
        if not folder.is_dir() or not found or bad:
            self.wrong[
                "harness", "resume"
            ] = f"{len(found)} records, failed: {[r['reason'] for r in bad][:3]}"


def strike_all(matrix: Matrix, transports: list[dict], share: tuple[int, int]) -> None:
    """Every cell of every transport; of its further backings, those that could leave something."""
    faults = all_faults()
    names = first_of("name", transports)
    further = fault_shares.of_share([t for t in transports if t not in names], share)
    names = fault_shares.of_share(names, share)
    for mode, group in by_mode(names).items():
        for phase in PHASES:
            matrix.strike(group, mode, [f for f in faults if f.phase == phase])
    for mode, group in by_mode(names, "none").items():
        matrix.strike(group, mode, unread())
    blunt = [f for f in alternating(faults) if f.kind in ("killed", "stopped")]
    for mode, group in by_mode(further).items():
        matrix.strike(group, mode, blunt)


def strike_some(matrix: Matrix, transports: list[dict], share: tuple[int, int]) -> None:
    """Every cell of a transport per family, and every other transport killed and stopped."""
    faults = alternating(all_faults())
    families, names = first_of("family", transports), first_of("name", transports)
    others = fault_shares.of_share([t for t in names if t not in families][::-1], share)
    families = fault_shares.of_share(families, share)
    for mode, group in by_mode(families).items():
        matrix.strike(group, mode, faults)
    blunt = [f for f in faults if f.kind in ("killed", "stopped")]
    for mode, group in by_mode(others).items():
        matrix.strike(group, mode, blunt)
    for mode, group in by_mode(families, "none").items():
        matrix.strike(group, mode, unread())


def kill_all(matrix: Matrix, transports: list[dict], kills: int) -> None:
    for mode, group in by_mode(transports).items():
        if mode.wait == "block":
            matrix.kill_harness([t["name"] for t in group], mode, kills)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", help="the ipcmark to be tested")
    parser.add_argument(
        "--all", action="store_true", help="every cell of every transport, both roles"
    )
    parser.add_argument("--transport", help="only these, comma separated")
    parser.add_argument("--kills", type=int, default=0, help="how often the harness is killed")
    parser.add_argument("-o", "--out", type=Path, default=Path("."), help="where the tables go")
    parser.add_argument("--share", help="a worker's: I/N, in namespaces of its own")
    asked = parser.parse_args()
    if asked.share:
        fault_shares.raise_loopback()
    with tempfile.TemporaryDirectory(prefix="fault-matrix-") as work:
        matrix = Matrix(os.path.abspath(asked.program), Path(work), asked.out)
        transports = matrix.transports()
        if asked.transport:
            transports = [t for t in transports if t["name"] in asked.transport.split(",")]
        strike = strike_all if asked.all else strike_some
        count = fault_shares.workers()
        if asked.share:
            mine, count = asked.share.split("/")
            strike(matrix, transports, (int(mine), int(count)))
        elif count == 1:
            strike(matrix, transports, (0, 1))
        else:
            words = [matrix.program, *(["--all"] if asked.all else [])]
            words += ["--transport", asked.transport] if asked.transport else []
            for table in fault_shares.work(words, count, matrix.work):
                matrix.take(table)
        if not asked.share:  # `ipcmark clean` would take what other workers' runs still use
            named = first_of("name" if asked.all else "family", transports)
            kill_all(matrix, named, asked.kills or (10 if asked.all else 1))
        print(matrix.save())
        for key, why in sorted(matrix.wrong.items()):
            print(f"{' '.join(key)}: {why}")
    return 1 if matrix.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
