#!/usr/bin/python3
"""Remove old run folders, by count and by age; everything else in the folder stays.

A run goes when it is not among the newest N, or began more than D days ago; the newest never goes, nor does a run that
holds a file called `keep`. A stopped run (`.partial`) goes by age only, and never within a week of its last line: it
may be resumed, or be running. What is no run folder (history.sqlite, baseline/, a link) is not touched.

Exit codes: 0; 2 for bad usage and for a folder that cannot be read or emptied.

    analysis/prune.py RESULTS [--keep N] [--days D] [--dry-run]
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import command

DAY_S = 86400.0
RESUMABLE_S = 7 * DAY_S
GOING = ".pruned"  # a folder is renamed before it is emptied: half a run must not look like one


@dataclass(frozen=True)
class Folder:
    """A run's folder and when the run began, in seconds since the epoch."""

    path: Path
    began_s: float

    @property
    def partial(self) -> bool:
        return self.path.name.endswith(".partial")

    def touched_s(self) -> float:
        """When something in it was last written."""
        return max(p.stat().st_mtime for p in [self.path, *self.path.iterdir()])


def runs(results: Path) -> list[Folder]:
    """The run folders directly below, newest first. Raises OSError."""
    found = []
    for path in results.iterdir():
        if path.is_symlink() or not path.is_dir() or path.name.startswith("."):
            continue
        try:
            manifest = json.loads((path / "manifest.json").read_bytes())
            known = isinstance(manifest["run"], str) and "schema" in manifest
            began = float(manifest["started_unix_ns"]) / 1e9
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if known:
            found.append(Folder(path, began))
    return sorted(found, key=lambda f: (-f.began_s, f.path.name))


def old(found: list[Folder], keep: int | None, days: float | None, now_s: float) -> list[Folder]:
    """Which of the runs, newest first, are to go."""
    whole = [f for f in found if not f.partial]
    too_many = {f.path for f in whole[keep:]} if keep is not None else set()
    gone = []
    for folder in found:
        late = days is not None and now_s - folder.began_s > days * DAY_S
        if folder.partial:
            late = late and now_s - folder.touched_s() > RESUMABLE_S
        first = whole and folder == whole[0]
        if (late or folder.path in too_many) and not first and not (folder.path / "keep").exists():
            gone.append(folder)
    return gone


def remove(folder: Path) -> None:
    """All of it; killed on the way, the next call ends it."""
    going = folder.with_name(f".{folder.name}{GOING}")
    folder.rename(going)
    shutil.rmtree(going)


def main(argv: list[str] | None = None, now_s: float | None = None) -> int:
    """`now_s` stands in for the clock in tests."""
    given = options(argv)
    try:
        gone = old(runs(given.results), given.keep, given.days, now_s or time.time())
        for folder in gone:
            if not given.dry_run:
                remove(folder.path)
            print(f"{folder.path}: {'would be removed' if given.dry_run else 'removed'}")
        for half in given.results.glob(f".*{GOING}"):
            if not given.dry_run:
                shutil.rmtree(half, ignore_errors=True)  # another call may be at it
    except OSError as error:
        print(f"prune.py: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


def options(argv: list[str] | None) -> argparse.Namespace:
    parser = command.Parser(__doc__)
    parser.add_argument("results", type=Path, help="the folder of run folders")
    parser.add_argument(
        "--keep", type=command.count, metavar="N", help="this many of the newest at most"
    )
    parser.add_argument("--days", type=command.count, metavar="D", help="none that began earlier")
    parser.add_argument("--dry-run", action="store_true", help="only say what would go")
    given = parser.parse_args(argv)
    if given.keep is None and given.days is None:
        parser.error("--keep N or --days D: what is old?")
    return given


if __name__ == "__main__":
    sys.exit(command.ended(main))
