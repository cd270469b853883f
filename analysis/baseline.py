"""The stored baseline binary: results/baseline/<build-id>/, and which one holds for a machine.

A copy, not a link: tomorrow's build overwrites what it came from. It is verified by its build-id and
by starting it before anything is measured with it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import build_id

START_S = 20.0  # to print its version; a program that takes longer does not start
NAME = "ipcmark"


@dataclass(frozen=True)
class Binary:
    """A program that measures, with the plug-ins it loads."""

    path: Path
    plugins: tuple[Path, ...] = ()

    @property
    def id(self) -> str:
        """Its build-id, and the plug-ins': what the folder is called."""
        return "+".join(i for i in map(build_id.read, (self.path, *self.plugins)) if i)


class Unusable(Exception):
    """Why there is no baseline to measure with; `verdict` is its word."""

    def __init__(self, verdict: str, text: str) -> None:
        super().__init__(text)
        self.verdict = verdict


def keep(store: Path, machine: str, binary: Binary, facts: dict[str, Any]) -> Path:
    """Copy a binary into the store and make it the machine's baseline; its folder."""
    if not binary.id:
        raise Unusable("BASELINE_MISSING", f"{binary.path}: no build-id: link it with --build-id")
    folder = store / binary.id
    if not folder.exists():
        partial = store / f"{binary.id}.partial-{os.getpid()}"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        shutil.copy2(binary.path, partial / NAME)
        for plugin in binary.plugins:
            shutil.copy2(plugin, partial / plugin.name)
        try:
            partial.rename(folder)
        except OSError:  # another writer was first, with the same build-id
            shutil.rmtree(partial)
            if not folder.exists():
                raise
    plugins = [plugin.name for plugin in binary.plugins]
    entry = {"build_id": binary.id, "plugins": plugins, **facts}
    write_json(store / "current.json", {**_current(store), machine: entry})
    return folder


def of_machine(store: Path, machine: str) -> tuple[Binary, dict[str, Any]] | None:
    """The machine's baseline and the facts of its adoption; None if none was ever kept.

    Raises Unusable where it was kept and is gone, is another file than it was, or does not start.
    """
    entry = _current(store).get(machine)
    if entry is None:
        return None
    folder = store / entry["build_id"]
    binary = Binary(folder / NAME, tuple(folder / name for name in entry.get("plugins") or []))
    for file in (binary.path, *binary.plugins):
        if not file.is_file():
            raise Unusable(
                "BASELINE_MISSING",
                f"{file}: the baseline binary of this machine is gone; restore it, or keep another: "
                "gate.py RUN_DIR --adopt",
            )
    if binary.id != entry["build_id"]:
        text = f"{folder}: holds build-id {binary.id or 'none'}, not the one it is named by"
        raise Unusable("BASELINE_BROKEN", text)
    why = starts(binary)
    if why:
        text = f"{binary.path}: the baseline no longer starts: {why}"
        raise Unusable("BASELINE_BROKEN", text)
    return binary, entry


def starts(binary: Binary) -> str:
    """Empty if the program prints its version; else why not, in its own words."""
    try:
        done = subprocess.run(
            [binary.path, "--version"], capture_output=True, text=True, timeout=START_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return ""
    lines = done.stderr.strip().splitlines()
    return lines[-1] if lines else f"`--version` ends with {done.returncode}"


def _current(store: Path) -> dict[str, Any]:
    try:
        content = json.loads((store / "current.json").read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        text = f"{store / 'current.json'}: not JSON ({error}); keep a baseline again: --adopt"
        raise Unusable("BASELINE_MISSING", text) from None
    return content


def write_json(file: Path, content: Any) -> None:
    """Whole or not at all: written beside, then renamed over."""
    beside = file.with_name(f"{file.name}.partial-{os.getpid()}")
    beside.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    os.replace(beside, file)
