"""HdrHistogram's interval log (`.hlog`, version 1.3): a line for every histogram of every launch, tagged by its case.

Nothing is merged or lost. Times are seconds since the epoch; Interval_Max is in ms, as HdrHistogram's own writer has it.
A histogram that is not its case's metric has its name behind the tag (`.../wait_ns`).
"""

from __future__ import annotations

from exports import hdr, rows
from exports.rows import Row
from histogram import Histogram
from record import Record
from records import Run

NS_PER_MS = 1e6


def export(run: Run) -> str:
    start = (run.manifest.get("started_unix_ns") or 0) / 1e9
    lines = [
        f"#[Histogram log format version 1.3 of ipcmark run {' '.join(run.name.split())}; values in ns]",
        f"#[StartTime: {start:.3f} (seconds since epoch)]",
        "#[BaseTime: 0.000 (seconds since epoch)]",
        '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
    ]
    found = [
        (_ended_s(run, record), tag(row, name), record, record.histogram(name))
        for row in rows.of_run(run)
        for launch in row.launches
        for record in launch
        for name in record.raw["histograms"]
    ]
    found = [entry for entry in found if entry[3] is not None and entry[3].count]
    lines += [_line(*entry) for entry in sorted(found, key=lambda entry: entry[:2])]
    return "\n".join(lines) + "\n"


def tag(row: Row, histogram: str) -> str:
    """A histogram's tag: its case, and its name where it is not the metric."""
    return row.name if histogram == row.quantity else f"{row.name}/{histogram}"


def _line(ended: float, name: str, record: Record, histogram: Histogram) -> str:
    length = rows.spent_s(record)
    most = histogram.maximum / NS_PER_MS
    body = hdr.compressed_base64(histogram)
    return f"Tag={name},{max(ended - length, 0):.3f},{length:.3f},{most:.3f},{body}"


def _ended_s(run: Run, record: Record) -> float:
    ended = record.raw.get("finished_unix_ns") or run.manifest.get("started_unix_ns") or 0
    return ended / 1e9
