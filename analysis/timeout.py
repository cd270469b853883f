#!/usr/bin/python3
"""How late timeouts fire, what having one costs, and what spinning before sleeping buys.

Overshoot is the return minus the deadline, against the timeout τ: the line is the median over launches of p50 with
its 95 % interval, dotted p99. Price: what a round trip with a timeout that does not fire takes on top of one without,
paired within launches, the median of the differences with its 95 % interval over them, beside the round trip without. Spin budget of spin_then_block: round trip (solid), CPU time of both ends (dashed). No return may be early.

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

import families
import figure
import lines
import style
import timeout_price
from figure import Drawn
from records import Record, Run
from panels import Panel, chosen
from series import Levels, Point, Series, series
from timeout_price import Price

Value = Callable[[Point], float]
TITLE = "Timeouts: accuracy, price, and the spin budget"


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """timeout.svg: the panels for which there are records."""
    levels, looks = Levels.of(run), families.looks(run)
    expire = run.of("timeout", pattern="expire")
    asks = [r for r in run.of("timeout", pattern="ask") if not r.case.get("think_ns")]
    late = series(expire, levels, x="timeout_ns")
    late, *others = chosen(late, min)
    spun = [r for r in asks if r.case["wait"] == "spin_then_block"]
    spun = [s for s in series(spun, levels, "spin_budget_ns") if len(s.points) > 1]
    price = timeout_price.prices(asks, levels)
    if not (parts := [p for p in (late, price, spun) if p]):
        return []
    fig, axes = figure.grid(
        len(parts),
        columns=min(len(parts), 2),
        labels=[*(s.label for s in [*late, *spun]), *timeout_price.words(price)],
    )
    figure.title(fig, TITLE)
    rest = iter(axes)
    if late:
        ax, y = next(rest), "return after the deadline [time]"
        ax.set(title="overshoot: p50, p99 dotted", xlabel="timeout τ [time]", ylabel=y)
        if all(math.isnan(p.p99) for s in late for p in s.points):
            ax.set_title("overshoot: p50")
        _over_times(ax, late, looks, lambda p: p.p99, lines.STYLES[2])
    if spun:
        ax, x = next(rest), "spin budget [time]"
        ax.set(title="spin budget: round trip, CPU dashed", xlabel=x, ylabel="per message [time]")
        _over_times(ax, spun, looks, lambda p: p.cpu_ns, lines.STYLES[1])
    if price:
        timeout_price.draw(next(rest), price, looks)
    lines.key(fig, [Panel("", [*late, *spun], [])])
    text = _caption(run, expire, asks, (late, spun, price))
    grey = [s.label for part in others for s in part]
    text += f" · overshoot in the CSV only: {', '.join(grey)}" if grey else ""
    style.finish(fig, text)
    all_late = [*late, *(s for part in others for s in part)]
    path = style.save(fig, out_dir, "timeout", _rows(all_late, spun, price))
    return [Drawn("timeout", TITLE, __doc__ or "", text, path)]


def _caption(run: Run, expire: list[Record], asks: list[Record], parts: tuple) -> str:
    late, spun, price = parts
    missing = [name for name, part in (("the spin budget", spun), ("the price", price)) if not part]
    missing += style.absent(r for r in run.records if r.experiment == "timeout")
    dim = sum(math.isnan(p.p99) for s in late for p in s.points)
    missing += [f"p99 of {dim} points (fewer than 10 samples beyond it)"] if dim else []
    early = sum(int(r.values.get("early") or 0) for r in expire)
    return f"{style.caption(run, expire + asks, missing)} · {early} returns before the deadline"


def _over_times(
    ax: Axes, found: list[Series], looks: dict[str, families.Look], second: Value, dashes: Any
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
    ax.tick_params(axis="x", labelsize=8)
    style.label_ends(ax, ends)


def _rows(late: list[Series], spun: list[Series], price: list[Price]) -> list[dict]:
    rows = lines.rows(Panel("overshoot", late, []), "timeout_ns", "overshoot_p50_ns")
    rows += lines.rows(Panel("spin budget", spun, []), "spin_budget_ns", "round_trip_p50_ns")
    return rows + timeout_price.rows(price)


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
