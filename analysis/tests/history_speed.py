#!/usr/bin/python3
"""How long a year takes: import of one night, trend report, memory. A script, not a test: nothing asserts a speed.

Builds 365 nights of 2,000 series and 10 launches in a folder of its own, imports one more night from a run
folder, and writes the trend report, each in a process of its own; prints seconds and MB.

    analysis/tests/history_speed.py [FOLDER]
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import history_db  # noqa: E402
import synthetic_nights  # noqa: E402
from histogram import Histogram  # noqa: E402


def main(folder: Path) -> int:
    file = folder / "history.sqlite"
    series = synthetic_nights.names(2000)
    if not file.exists():
        began = time.monotonic()
        year = synthetic_nights.told_year(2000)
        connection = history_db.connect(file, create=True)
        synthetic_nights.fill(connection, year, series, launches_each=10)
        connection.close()
        print(f"built in {time.monotonic() - began:.0f} s: {file.stat().st_size / 1e6:.0f} MB")
    # Launches of a real length: the reading of them is what an import mostly does.
    rng, number = np.random.default_rng(5), len(list(folder.glob("night-*")))
    place = synthetic_nights.Place(epoch={**synthetic_nights.EPOCH, "key": "88c12f"})
    night = synthetic_nights.run_folder(
        folder / f"night-{365 + number}",
        synthetic_nights.launches(rng, series),
        365 + number,
        place,
    )
    add_histograms(night)
    size = sum(f.stat().st_size for f in night.iterdir()) / 1e6
    print(f"a night: {size:.0f} MB of records")
    timed("import", "history.py", "import", str(night), "--history", str(file))
    timed("trend", "trend.py", "--history", str(file), "-o", str(folder / "trend"))
    timed("gate", "gate.py", str(night), "--history", str(file), "--store", str(folder / "store"))
    return 0


def add_histograms(night: Path) -> None:
    """A third of the records, each with three values (p50, p99, cpu): as many series, as long as real ones."""
    rng, kept = np.random.default_rng(1), []
    for line in (night / "latency.jsonl").read_text().splitlines():
        record = json.loads(line)
        if json.loads(line)["case"]["message_bytes"] % 3 == 0:
            centre = record["windows"]["ns_per_message"][0]
            spread = centre * np.exp(rng.normal(0, 0.05, 12_000))
            record["histograms"] = {"round_trip_ns": Histogram.of(spread).encode()}
            record["windows"]["ns_per_message"] = (
                centre * np.exp(rng.normal(0, 0.01, 32))
            ).tolist()
            record["windows"]["cpu_ns_per_message"] = centre * 1.4
            kept.append(json.dumps(record))
    (night / "latency.jsonl").write_text("\n".join(kept) + "\n")


def timed(name: str, script: str, *arguments: str) -> None:
    """Wall clock, CPU and the largest memory of any child so far."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(
        [sys.executable, HERE.parent / script, *arguments], check=True, stdout=subprocess.DEVNULL
    )
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{name}: {wall:.1f} s ({cpu:.1f} s of CPU), at most {after.ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
        sys.exit(main(Path(sys.argv[1])))
    with tempfile.TemporaryDirectory() as own:
        sys.exit(main(Path(own)))
