"""Series over nights: median with interval, the band the gate compares with, epochs, steps, and the canary.

The line is the median of a night's launches, its band their 95 % interval. The grey band is what stage one
of the gate would have let pass: the centre of the thirty nights before, three robust standard deviations
or 2 % wide. Dashed lines begin an epoch and name what changed; coloured ones are change points with the step
they made, shaded over the nights in which it may have happened. Red triangles are nights on which the gate
confirmed a regression. Hatched nights were noisy and are not judged. Below each panel the canary: where it
moves too, the machine moved.
"""

from __future__ import annotations

import json
import math
import textwrap
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import matplotlib.dates as mdates
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

import figure
import nightly
import stats
import style
from figure import Drawn
from gate_judge import series_words
from nightly_values import Name
from trend_story import Story, spans

TITLE = "What moved: one series of each event, night by night"
SLOWER, FASTER, LINE = "#9e2a2b", "#009e73", "#0072b2"


def dates(story: Story) -> list[datetime]:
    return [datetime.fromtimestamp(r.started_ns / 1e9, timezone.utc) for r in story.runs]


def date_axis(ax: Axes) -> None:
    """Months, not time stamps."""
    locator = mdates.AutoDateLocator(minticks=3, maxticks=8)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))


def draw(
    story: Story, rows: list[int], canary: list[float], confirmed: set[tuple[int, int]], name: str,
    out_dir: Path,
) -> Drawn:  # fmt: skip
    """A page of panels. `canary` is by night; `confirmed` holds (run id, series id) of regressions."""
    fig, panels = _grid(len(rows))
    varied, same = axes_of([story.names[row] for row in rows])
    figure.title(fig, TITLE)
    table: list[dict[str, Any]] = []
    for (ax, strip), row in zip(panels, rows):
        table += _panel(ax, story, row, confirmed, varied)
        _strip(strip, story, canary)
        strip.sharex(ax)
        ax.tick_params(labelbottom=False)
    missing = f"{len(story.names) - len(rows)} series that are not here are in the index"
    run = story.runs[-1]
    words = (
        f"machine {run.machine} · {len(story.runs)} nights to {run.name} · all: {same} · {missing}"
    )
    style.finish(fig, words, bottom_in=0.3)
    return Drawn(name, TITLE, __doc__ or "", words, style.save(fig, out_dir, name, table))


def _grid(count: int) -> tuple[Figure, list[tuple[Axes, Axes]]]:
    """Panels two abreast, each with a thin strip under it."""
    columns = min(count, 2)
    rows = math.ceil(count / columns)
    height = 2.6 * rows + 0.9
    fig = plt.figure(figsize=(style.WIDTH_IN, height))
    outer = fig.add_gridspec(rows, columns, left=0.075, right=0.985, top=1 - 0.7 / height,
                             wspace=0.17, hspace=0.36)  # fmt: skip
    found = []
    for at in range(count):
        inner = outer[at // columns, at % columns].subgridspec(
            2, 1, height_ratios=(6, 1), hspace=0.08
        )
        found.append((fig.add_subplot(inner[0]), fig.add_subplot(inner[1])))
    return fig, found


def _panel(
    ax: Axes, story: Story, row: int, confirmed: set[tuple[int, int]], told: list[str]
) -> list[dict[str, Any]]:
    x, nights = np.array(dates(story)), story.nights
    median, lo, hi = (grid[row] for grid in (nights.median, nights.lo, nights.hi))
    low, high = band(story.logs[row], story.breaks, story.noisy)
    ax.fill_between(
        x, low, high, color=style.GREY, alpha=0.45, lw=0, step="mid", label="gate's band"
    )
    ax.fill_between(x, lo, hi, color=LINE, alpha=0.25, lw=0)
    ax.plot(x, median, color=LINE, lw=0.9, marker="o", ms=1.6, mew=0)
    calm = median.copy()
    calm[story.noisy] = np.nan
    _limits(ax, calm)
    _epochs(ax, story, x)
    _noisy(ax, story, x)
    _steps(ax, story, row, x)
    hit = [at for at, run in enumerate(story.runs) if (run.id, nights.ids[row]) in confirmed]
    if hit:
        ax.plot(x[hit], median[hit], "^", color=SLOWER, ms=5, mec="white", mew=0.5, zorder=5)
    words = series_words(story.names[row])
    ax.set_title(textwrap.shorten(panel_words(story.names[row], told), 84), fontsize=8)
    unit = "calls a message" if story.names[row].value == "calls" else "time a message"
    ax.set_ylabel(f"{story.names[row].value} [{unit}]", fontsize=7.5)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=5))
    if unit.startswith("time"):
        ax.yaxis.set_major_formatter(FuncFormatter(style.time_label))
    ax.tick_params(labelsize=7.5)
    return [
        {"series": words, "run": run.name, "commit": run.commit, "median": float(median[at]),
         "lo": float(lo[at]), "hi": float(hi[at]), "band_lo": float(low[at]), "band_hi": float(high[at])}
        for at, run in enumerate(story.runs) if not math.isnan(median[at])
    ]  # fmt: skip


def axes_of(names: list[Name]) -> tuple[list[str], str]:
    """The axes in which these series differ, and in words what they share."""
    cases = [json.loads(name.case) for name in names]
    every = sorted({axis for case in cases for axis in case} - {"transport", "reply_bytes"})
    varied = [a for a in every if len({repr(case.get(a)) for case in cases}) > 1]
    shared = [f"{a} {cases[0][a]}" for a in every if a not in varied]
    return varied, ", ".join(shared)


def panel_words(name: Name, axes: list[str]) -> str:
    """A panel's title: experiment, transport, and what tells it from the other panels."""
    case = json.loads(name.case)
    told = [f"{a} {case[a]}" for a in axes if a in case]
    return " · ".join([f"{name.experiment} {case.get('transport', '')}", *told])


def band(logs: stats.Array, breaks: list[int], noisy: list[int]) -> tuple[stats.Array, stats.Array]:
    """For each night, what stage one would have let pass; NaN with too few nights before it in its epoch."""
    logs = logs.copy()
    logs[noisy] = np.nan
    low, high = np.full(logs.size, np.nan), np.full(logs.size, np.nan)
    for part in np.split(np.arange(logs.size), breaks):
        for at in part:
            past = logs[part[0] : at]
            past = past[~np.isnan(past)][-nightly.kNights :]
            if past.size >= nightly.kFewest:
                centre = float(np.median(past))
                width = max(nightly.kZ * stats.robust_sd(past), math.log1p(nightly.kEffect))
                low[at], high[at] = math.exp(centre - width), math.exp(centre + width)
    return low, high


def _limits(ax: Axes, median: stats.Array) -> None:
    """All medians of calm nights, and the gate's 2 % around them; not what a bad night reached."""
    least, most = float(np.nanmin(median)) * 0.985, float(np.nanmax(median)) * 1.015
    room = 0.06 * (most - least)
    ax.set_ylim(least - room, most + 2.5 * room)  # above: the labels


def _epochs(ax: Axes, story: Story, x: Any) -> None:
    for step in story.epochs:
        ax.axvline(x[step.column], color=style.INK, lw=0.9, ls=(0, (4, 3)))
        words = step.changed[0].split(":")[0] if step.changed else "epoch"
        words += f" +{len(step.changed) - 1}" if len(step.changed) > 1 else ""
        ax.annotate(f" {words}", (x[step.column], 0.02), xycoords=("data", "axes fraction"), fontsize=6.5,
                    color=style.INK, va="bottom")  # fmt: skip


def _noisy(ax: Axes, story: Story, x: Any) -> None:
    for first, last in spans(story.noisy):
        ax.axvspan(
            x[first], x[last], facecolor="none", edgecolor=style.GREY, hatch="////", lw=0, zorder=0
        )


def _steps(ax: Axes, story: Story, row: int, x: Any) -> None:
    for point in story.points[row]:
        colour = SLOWER if point.effect > 0 else FASTER
        ax.axvspan(x[max(point.first - 1, 0)], x[point.last], color=colour, alpha=0.18, lw=0)
        ax.axvline(x[point.at], color=colour, lw=1.1)
        right = point.at < 0.85 * len(x)
        ax.annotate(f" {100 * point.effect:+.1f} % ", (x[point.at], 0.985), xycoords=("data", "axes fraction"),
                    fontsize=7.5, color=colour, fontweight="bold", va="top",
                    ha="left" if right else "right")  # fmt: skip


def _strip(ax: Axes, story: Story, canary: list[float]) -> None:
    """The canary's median by night, between its own extremes."""
    values = np.array(canary, dtype=float)
    ax.plot(dates(story), values, color=style.MUTED, lw=0.7)
    ax.grid(False)
    ax.tick_params(labelsize=6.5)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=2))
    if np.isfinite(values).any():
        middle = float(np.nanmedian(values))
        ax.set_ylim(
            min(0.97 * middle, float(np.nanmin(values))),
            max(1.03 * middle, float(np.nanmax(values))),
        )
        ax.yaxis.set_major_formatter(FuncFormatter(style.time_label))
    ax.set_ylabel("canary", fontsize=6.5, rotation=0, ha="right", va="center")
    date_axis(ax)
