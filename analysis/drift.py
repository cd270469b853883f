#!/usr/bin/python3
"""The run in the order it ran: did the machine hold still?

Above: the canary, a bare cache-line round trip beside each case, against launch order; where it has several levels
they are labelled, and cases are compared only within one. Below: each launch's residual, the median over its cases
of p50 against the median of the same case at the same level over the run. A slope, a step or a block that stands
apart is the machine, not a mechanism. Grey bands are launches that were contaminated.

    analysis/drift.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from statistics import median

from matplotlib.axes import Axes

import figure
import style
from figure import Drawn
from records import Record, Run, case_key, group, metric_key
from series import Levels

TITLE = "Run order: the canary, and every launch against its case's median"


def residuals(records: list[Record], levels: Levels) -> dict[str, float]:
    """Launch id -> median of ln(p50 / its case's median at its level): 0.01 is 1 % slow."""
    of_launch: dict[str, list[float]] = {}
    key = lambda r: (case_key(r), metric_key(r), levels.level(r))  # noqa: E731
    for members in group(records, key).values():
        values = [(r.launch_id, r.p50_ns) for r in members if r.p50_ns > 0]
        centre = median(v for _, v in values) if len(values) > 1 else math.nan
        for launch, value in values if centre > 0 else []:
            of_launch.setdefault(launch, []).append(math.log(value / centre))
    return {launch: median(values) for launch, values in of_launch.items()}


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """drift.svg."""
    records, levels = [r for r in run.records if r.ok], Levels.of(run)
    if not records:
        return []
    fig, axes = figure.grid(2, row_in=2.9, columns=1, labels=["x" * 18])
    figure.title(fig, TITLE)
    rest = residuals(records, levels)
    rows = _canary(axes[0], records, levels) + _residuals(axes[1], records, rest)
    last = max(r.launch_order for r in records)
    for ax in axes:
        ax.set_xlim(-0.01 * last - 0.5, 1.01 * last + 0.5)
        _blocks(ax, run, records)
    text = style.caption(run, records, [] if levels.of_place else ["the canary"])
    style.finish(fig, text)
    path = style.save(fig, out_dir, "drift", rows)
    return [Drawn("drift", TITLE, __doc__ or "", text, path)]


def _canary(ax: Axes, records: list[Record], levels: Levels) -> list[dict]:
    """One dot a launch: the median of its readings; a line and a label per level."""
    rows = []
    for (place, order), members in group(
        records, lambda r: (str(r.case.get("placement")), r.launch_order)
    ).items():
        readings = [r.canary_ns for r in members if not math.isnan(r.canary_ns)]
        if readings:
            label = levels.level(members[0])
            rows.append({"launch_order": order, "launch_id": members[0].launch_id, "placement": place,
                         "canary_ns": median(readings), "level": label})  # fmt: skip
    ends = []
    for i, place in enumerate(sorted({row["placement"] for row in rows})):
        mine, colour = [r for r in rows if r["placement"] == place], style.PALETTE[i % 8]
        xs, ys = [r["launch_order"] for r in mine], [r["canary_ns"] for r in mine]
        ax.plot(xs, ys, style.MARKERS[i % 8], color=colour, ms=2.5, alpha=0.7)
        for level in levels.of_place.get(place, []):
            ax.axhline(level, color=colour, lw=0.7, alpha=0.6)
            ends.append((max(xs), level, f"{place} {style.time_label(level)}", colour))
    ax.set_yscale("log")
    low, high = ax.get_ylim()
    ax.set_ylim(low / 1.06, high * 1.06)  # noise of a per mille is not to look like drift
    style.log_axis(ax.yaxis)
    ax.set(title="canary", ylabel="canary round trip [time]")
    style.label_ends(ax, ends)
    return rows


def _residuals(ax: Axes, records: list[Record], rest: dict[str, float]) -> list[dict]:
    launches = [ms[0] for ms in group(records, lambda r: r.launch_id).values()]
    rows = []
    for i, experiment in enumerate(sorted({r.experiment for r in launches})):
        mine = [r for r in launches if r.experiment == experiment and r.launch_id in rest]
        xs, ys = [r.launch_order for r in mine], [100 * math.expm1(rest[r.launch_id]) for r in mine]
        ax.plot(xs, ys, style.MARKERS[i % 8], color=style.PALETTE[i % 12], ms=3, alpha=0.75,
                mec="white", mew=0.2, label=experiment)  # fmt: skip
        rows += [
            {"launch_order": r.launch_order, "launch_id": r.launch_id, "experiment": experiment,
             "block": r.block, "residual_percent": y} for r, y in zip(mine, ys)
        ]  # fmt: skip
    ax.axhline(0, color=style.MUTED, lw=0.8)
    style.percent_axis(ax)
    words = "residuals" if rows else "residuals: one launch a case, nothing to hold it against"
    ax.set(title=words, xlabel="launch, in order", ylabel="against the case's median [%]")
    figure.key_beside(ax)
    return rows


def _blocks(ax: Axes, run: Run, records: list[Record]) -> None:
    """A line where a block begins, a band at each launch that was contaminated."""
    dirty = {entry.get("launch_id") for entry in run.manifest.get("contaminated") or []}
    for block, members in group(records, lambda r: r.block).items():
        ax.axvline(members[0].launch_order - 0.5, color=style.GRID, lw=0.8, zorder=0)
        for order in {m.launch_order for m in members if m.launch_id in dirty}:
            ax.axvspan(order - 0.5, order + 0.5, color=style.MUTED, alpha=0.15, lw=0)


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
