"""T over time: from which payload shared memory paid, night by night, with its 95 % interval.

A line a queue at the usual condition; the band is the interval of that night, open where it is infinite. A gap is
a night without a single crossing. Dashed lines begin an epoch.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections import Counter
from pathlib import Path

import numpy as np

import figure
import style
import trend_panels
from figure import Drawn
from matplotlib.ticker import FuncFormatter, LogLocator
from threshold import HEADLINE
from trend_story import Story

TITLE = "T over time: from which payload shared memory pays"


def draw(connection: sqlite3.Connection, story: Story, out_dir: Path) -> list[Drawn]:
    """trend_T.svg, if any night has a T."""
    column = {run.id: at for at, run in enumerate(story.runs)}
    query = "SELECT run, queue, condition, status, T_bytes, lo, hi FROM crossover WHERE metric = ?"
    rows = [r for r in connection.execute(query, (HEADLINE,)) if r[0] in column]
    if not any(r[4] for r in rows):
        return []
    usual, _ = Counter(r[2] for r in rows if r[4]).most_common(1)[0]
    mine = [r for r in rows if r[2] == usual]
    fig, (ax,) = figure.grid(1, row_in=3.6, columns=1, labels=["x" * 16])
    figure.title(fig, TITLE)
    x, ends, table = np.array(trend_panels.dates(story)), [], []
    for i, queue in enumerate(sorted({r[1] for r in mine if r[4]})):
        grids = {k: np.full(len(x), np.nan) for k in ("T", "lo", "hi")}
        for run, _, _, status, T, lo, hi in (r for r in mine if r[1] == queue and r[3] == "ok"):
            for key, value in zip(grids, (T, lo, hi)):
                grids[key][column[run]] = math.nan if value is None else value
            table.append(
                {
                    "run": story.runs[column[run]].name,
                    "queue": queue,
                    "T_bytes": T,
                    "lo": lo,
                    "hi": hi,
                }
            )
        _line(ax, x, grids, style.PALETTE[i % len(style.PALETTE)])
        last = int(np.flatnonzero(~np.isnan(grids["T"]))[-1])
        ends.append(
            (mdate(x[last]), float(grids["T"][last]), queue, style.PALETTE[i % len(style.PALETTE)])
        )
    for at in story.breaks:
        ax.axvline(x[at], color=style.INK, lw=0.9, ls=(0, (4, 3)))
    ax.set_yscale("log", base=2)
    ax.yaxis.set_major_locator(LogLocator(base=2, numticks=8))
    ax.yaxis.set_major_formatter(FuncFormatter(style.bytes_label))
    ax.set_ylabel("T [B]")
    trend_panels.date_axis(ax)
    style.label_ends(ax, ends)
    words = ", ".join(f"{k} {v}" for k, v in json.loads(usual).items() if v is not None)
    text = f"machine {story.runs[-1].machine} · {len(x)} nights · metric {HEADLINE} · {words}"
    style.finish(fig, text)
    return [
        Drawn("trend_T", TITLE, __doc__ or "", text, style.save(fig, out_dir, "trend_T", table))
    ]


def mdate(moment: object) -> float:
    import matplotlib.dates

    return float(matplotlib.dates.date2num(moment))


def _line(ax: object, x: np.ndarray, grids: dict[str, np.ndarray], colour: str) -> None:
    top = np.nanmax(grids["T"]) * 64  # an infinite bound is drawn to beyond the figure
    ax.fill_between(
        x, np.fmax(grids["lo"], 1), np.fmin(grids["hi"], top), color=colour, alpha=0.18, lw=0
    )
    ax.plot(x, grids["T"], color=colour, lw=1.1, marker="o", ms=2, mew=0)
