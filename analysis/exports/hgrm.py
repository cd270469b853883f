"""HdrHistogram's percentile distribution (`.hgrm`), a file a case, its launches merged; values in ns.

Lines are those of HdrHistogram's outputPercentileDistribution at five ticks a half distance; the last has no
fourth column, since it would be infinite. Launches that ran at another canary level are not merged in.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np

from exports import hdr, rows
from exports.rows import Row
from histogram import Histogram, bucket_lows, merge
from records import Run

TICKS = 5
MAX_NAME = 200  # characters of a file's name; the rest is told by a hash


def export(run: Run) -> dict[str, str]:
    """File name -> text, for every case whose metric has a histogram."""
    found = {}
    for row in rows.of_run(run):
        members = [r.histogram(row.quantity) for launch in row.launches for r in launch]
        whole = merge(h for h in members if h)
        if whole:
            found[file_name(row)] = text(row.name, whole)
    return found


def file_name(row: Row) -> str:
    """The case's name as a file's: unique, and never too long."""
    name = row.name.replace("/", ".").replace(":", "-")
    if len(name) > MAX_NAME:
        name = f"{name[:MAX_NAME]}-{hashlib.sha256(row.name.encode()).hexdigest()[:8]}"
    return f"{name}.hgrm"


def text(name: str, histogram: Histogram) -> str:
    """The distribution as text."""
    lines = [f"{'Value':>12} {'Percentile':>14} {'TotalCount':>10} 1/(1-Percentile)", ""]
    for value, level, total in steps(histogram):
        share = level / 100
        line = f"{value:12.3f} {share:2.12f} {total:10d}"
        lines.append(line if level >= 100 else f"{line} {1 / (1 - share):14.2f}")
    mean = histogram.total / histogram.count
    low, width = bucket_lows(histogram.indexes)
    far = (low + width // 2 - mean) ** 2
    spread = math.sqrt(float(np.sum(far * histogram.counts)) / histogram.count)
    lines += [
        f"#[Mean    = {mean:12.3f}, StdDeviation   = {spread:12.3f}]",
        f"#[Max     = {hdr.highest_of(histogram.indexes)[-1]:12.3f}, Total count    = {histogram.count:12d}]",
        f"#[Buckets = {_buckets(histogram):12d}, SubBuckets     = {2048:12d}]",
        f"#[Case    = {name}, unit {histogram.unit}]",
    ]
    return "\n".join(lines) + "\n"


def steps(histogram: Histogram) -> list[tuple[float, float, int]]:
    """Value, percentile level and count up to it, levels growing denser towards 100."""
    values, totals = hdr.highest_of(histogram.indexes), np.cumsum(histogram.counts)
    found, level = [], 0.0
    for value, total, count in zip(values, totals, histogram.counts):
        while count and level < 100 and 100 * total / histogram.count >= level:
            if total == histogram.count and found and found[-1][2] == total:
                break  # all is counted: one line at its level, then the one at 100
            found.append((float(value), level, int(total)))
            halvings = int(math.log2(100 / (100 - level))) + 1
            level += 100 / (TICKS * 2**halvings)
    return [*found, (float(values[-1]), 100.0, histogram.count)]


def _buckets(histogram: Histogram) -> int:
    """How many power-of-two buckets reach its maximum."""
    return max(int(histogram.maximum).bit_length() - 11, 0) + 1
