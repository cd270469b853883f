#!/usr/bin/python3
"""How late timeouts fire, what having one costs, and what spinning before sleeping buys.

Overshoot is the return minus the deadline, against the timeout τ: the line is the median over launches of p50 with
its 95 % interval, dotted p99. Price: a call that finds its message waiting, without a timeout (hollow) and with one
(filled). Spin budget of spin_then_block: round trip (solid), CPU time of both ends (dashed). No return may be early.

    analysis/timeout.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

import dumbbell
import figure
import lines
import stats
import style
from dumbbell import Bar
from figure import Drawn
from records import Record, Run, by_launch, group
from series import Levels, Panel, Point, Series, series

Value = Callable[[Point], float]
TITLE = "Timeouts: accuracy, price, and the spin budget"


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """timeout.svg: the panels for which there are records."""
    levels, looks = Levels.of(run), style.looks(run)
    expire = run.of("timeout", pattern="expire")
    asks = run.of("timeout", pattern="ask")
    late = series(expire, levels, x="timeout_ns")
    spun = series(
        [r for r in asks if r.case["wait"] == "spin_then_block"], levels, "spin_budget_ns"
    )
    spun = [s for s in spun if len(s.points) > 1]
    prices = _prices(expire, looks)
    if not (parts := [p for p in (late, prices, spun) if p]):
        return []
    labels = [line.label for line in [*late, *spun, *prices]]
    fig, axes = figure.grid(len(parts), columns=min(len(parts), 2), labels=labels)
    figure.title(fig, TITLE)
    rest = iter(axes)
    if late:
        ax, y = next(rest), "return after the deadline [time]"
        ax.set(title="overshoot: p50, p99 dotted", xlabel="timeout τ [time]", ylabel=y)
        _over_times(ax, late, looks, lambda p: p.p99, lines.STYLES[2])
    if spun:
        ax, x = next(rest), "spin budget [time]"
        ax.set(title="spin budget: round trip, CPU dashed", xlabel=x, ylabel="per message [time]")
        _over_times(ax, spun, looks, lambda p: p.cpu_ns, lines.STYLES[1])
    if prices:
        (ax := next(rest)).set_title("a call that finds its message")
        dumbbell.draw(ax, prices, "per call [time]")
        dumbbell.legend(ax, "timeout", "none", loc="lower right", bbox_to_anchor=(1.6, 1.0))
        dumbbell.names_right(ax)
    early = sum(int(r.values.get("early") or 0) for r in expire)
    missing = [] if spun else ["the spin budget"]
    missing += lines.absent(r for r in run.records if r.experiment == "timeout")
    dim = sum(math.isnan(p.p99) for s in late for p in s.points)
    missing += [f"p99 of {dim} points (fewer than 10 samples beyond it)"] if dim else []
    text = f"{style.caption(run, expire + asks, missing)} · {early} returns before the deadline"
    style.finish(fig, text)
    path = style.save(fig, out_dir, "timeout", _rows(late, spun, prices))
    return [Drawn("timeout", TITLE, __doc__ or "", text, path)]


def _over_times(
    ax: Axes, found: list[Series], looks: dict[str, style.Look], second: Value, dashes: Any
) -> None:
    """Lines over times, evenly spaced, so that 0 has a place; and a second value each."""
    times = sorted({p.x for s in found for p in s.points if math.isfinite(p.x)})
    variants, ends = lines.linestyles(Panel("", found, [])), []
    for line in found:
        points = [replace(p, x=times.index(p.x)) for p in line.points if math.isfinite(p.x)]
        look, xs = looks[line.transport], [p.x for p in points]
        away = [(times.index(x), v) for x, v in line.strays if x in times]
        placed = replace(line, points=points, strays=away)
        lines.draw_line(ax, placed, look, variants[line.variant])
        ax.plot(xs, [second(p) for p in points], color=look.colour, ls=dashes, lw=1)
        ends.append((xs[-1], points[-1].interval.value, line.label, look.colour))
    ax.set_yscale("log")
    style.log_axis(ax.yaxis)
    ax.set_xticks(range(len(times)), [style.time_label(t) if t else "0" for t in times])
    style.label_ends(ax, ends)


def _prices(expire: list[Record], looks: dict[str, style.Look]) -> list[Bar]:
    finite, bars = [r for r in expire if r.case["timeout_ns"] not in (0, "inf")], []
    for (transport, wait), members in group(
        finite, lambda r: (r.transport, r.case["wait"])
    ).items():
        armed = by_launch(members, lambda r: float(r.values.get("arm_ns") or math.nan))
        plain = by_launch(members, lambda r: float(r.values.get("plain_ns") or math.nan))
        if armed and plain:
            values = [stats.median_interval(v).value for v in (armed, plain)]
            bars.append(Bar(f"{transport} {wait}", looks[transport].colour, *values))
    return sorted(bars, key=lambda b: b.filled)


def _rows(late: list[Series], spun: list[Series], prices: list[Bar]) -> list[dict]:
    rows = lines.rows(Panel("overshoot", late, []), "timeout_ns", "overshoot_p50_ns")
    rows += lines.rows(Panel("spin budget", spun, []), "spin_budget_ns", "round_trip_p50_ns")
    return rows + [
        {"panel": "price", "transport": b.label, "arm_ns": b.filled, "plain_ns": b.hollow}
        for b in prices
    ]


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
