"""The instrument's own health, night by night: before a series is believed, look here.

From above: the canary (median and its 10 to 90 % range); launches that were contaminated or failed; what
the noise probe lost to others; the baseline against itself (a dot a pair of the A/A ledger, red where it was confirmed); and
the minimum detectable effect that the gate printed. Dashed lines begin an epoch.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

import figure
import style
import trend_panels
from figure import Drawn
from trend_story import Story

TITLE = "The instrument: is it the machine?"
FIELDS = ("canary_ns", "canary_lo", "canary_hi", "launches", "contaminated", "failed", "stolen_ppm")


def draw(connection: sqlite3.Connection, story: Story, out_dir: Path) -> list[Drawn]:
    """trend_health.svg."""
    told = read(connection, story)
    fig, axes = figure.grid(5, row_in=1.45, columns=1, labels=[])
    figure.title(fig, TITLE)
    x = trend_panels.dates(story)
    _canary(axes[0], x, told)
    _launches(axes[1], x, told)
    _probe(axes[2], x, told)
    pairs = _ledger(axes[3], connection, story, x)
    _detectable(axes[4], connection, story, x)
    for ax in axes:
        if len(x) > 1:
            ax.set_xlim(x[0], x[-1])
        trend_panels.date_axis(ax)
        ax.tick_params(labelbottom=ax is axes[-1])
        for column in story.breaks:
            ax.axvline(x[column], color=style.INK, lw=0.9, ls=(0, (4, 3)))
    fig.subplots_adjust(hspace=0.32)
    text = f"machine {story.runs[-1].machine} · {len(x)} nights · {pairs} pairs in the A/A ledger"
    style.finish(fig, text, bottom_in=0.35)
    rows = [
        {"run": r.name} | {k: float(told[k][i]) for k in FIELDS} for i, r in enumerate(story.runs)
    ]
    return [
        Drawn(
            "trend_health",
            TITLE,
            __doc__ or "",
            text,
            style.save(fig, out_dir, "trend_health", rows),
        )
    ]


def read(connection: sqlite3.Connection, story: Story) -> dict[str, np.ndarray]:
    """Health by night, NaN where it is not known."""
    query = f"SELECT run, {', '.join(FIELDS)} FROM health"
    by_run = {row[0]: row[1:] for row in connection.execute(query)}
    cells = [by_run.get(run.id, (None,) * len(FIELDS)) for run in story.runs]
    table = np.array(cells, dtype=float).reshape(len(cells), len(FIELDS))
    return {name: table[:, i] for i, name in enumerate(FIELDS)}


def _canary(ax: Axes, x: list, told: dict[str, np.ndarray]) -> None:
    ax.fill_between(
        x, told["canary_lo"], told["canary_hi"], color=trend_panels.LINE, alpha=0.2, lw=0
    )
    ax.plot(x, told["canary_ns"], color=trend_panels.LINE, lw=0.9)
    ax.set(title="canary: a bare cache line there and back", ylabel="round trip [time]")
    ax.yaxis.set_major_locator(MaxNLocator(nbins=4))
    ax.yaxis.set_major_formatter(FuncFormatter(style.time_label))


def _launches(ax: Axes, x: list, told: dict[str, np.ndarray]) -> None:
    with np.errstate(invalid="ignore", divide="ignore"):
        for name, colour in (("contaminated", style.PALETTE[4]), ("failed", trend_panels.SLOWER)):
            ax.plot(x, 100 * told[name] / told["launches"], color=colour, lw=0.9, label=name)
    ax.set(title="launches that a disturbance struck", ylabel="share [%]")
    ax.legend(loc="lower right", bbox_to_anchor=(1, 0.98), ncol=2, borderaxespad=0)


def _probe(ax: Axes, x: list, told: dict[str, np.ndarray]) -> None:
    ax.plot(x, told["stolen_ppm"], color=style.PALETTE[6], lw=0.9)
    ax.set(title="noise probe: time taken from the worst CPU", ylabel="taken [ppm]")
    ax.set_yscale("symlog", linthresh=10)


def _ledger(ax: Axes, connection: sqlite3.Connection, story: Story, x: list) -> int:
    column = {run.id: at for at, run in enumerate(story.runs)}
    rows = [
        r for r in connection.execute("SELECT run, ratio, confirmed FROM control") if r[0] in column
    ]
    for sure, colour, size in ((0, style.MUTED, 2), (1, trend_panels.SLOWER, 4)):
        mine: list[Any] = [r for r in rows if bool(r[2]) == bool(sure)]
        ax.plot([x[column[r[0]]] for r in mine], [100 * (r[1] - 1) for r in mine], "o", color=colour, ms=size,
                mew=0, alpha=0.7)  # fmt: skip
    ax.axhline(0, color=style.MUTED, lw=0.8)
    empty = "" if rows else " (no gate has run a null control here)"
    ax.set(title=f"baseline against itself{empty}", ylabel="difference [%]")
    if not rows:
        ax.set_ylim(-2, 2)
    return len(rows)


def _detectable(ax: Axes, connection: sqlite3.Connection, story: Story, x: list) -> None:
    known = dict(connection.execute("SELECT run, mde FROM gate WHERE mde IS NOT NULL"))
    at = [i for i, run in enumerate(story.runs) if run.id in known]
    values = [100 * known[story.runs[i].id] for i in at]
    ax.plot([x[i] for i in at], values, color=trend_panels.LINE, lw=0.9, marker="o", ms=1.8, mew=0)
    empty = "" if at else " (no gate has judged a night here)"
    ax.set(title=f"minimum detectable effect{empty}", ylabel="effect [%]")
    ax.set_ylim(0, 1.15 * max(values, default=5))
