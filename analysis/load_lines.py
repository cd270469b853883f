"""What the load figure draws of a panel: the part of each curve that was carried, what lies beyond, tails and costs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

import knee
import lines
import load_rows
import stats
import style
from families import Look
from panels import Panel
from records import Record, by_launch, group
from series import Levels, Point, Series, series

RECEIVER, BOTH = "receiver_cpu_ns_per_message", "cpu_ns_per_message"
SHADE = "#eceff2"


def first_overloaded(line: Series) -> float:
    """The lowest rate above all carried ones; infinite where the highest was carried."""
    held = knee.carried(line.records)
    top = max(held, default=0.0)
    return min((p.x for p in line.points if p.x > top), default=math.inf)


def shade_from(panel: Panel) -> float:
    """Half way between the last rate that any line carried and the next; infinite where the highest was carried."""
    dark = max(map(first_overloaded, panel.lines))
    before = [p.x for line in panel.lines for p in line.points if p.x < dark]
    return math.sqrt(dark * max(before, default=dark))


def _cut(line: Series, beyond: bool) -> Series:
    at = first_overloaded(line)
    points = [p for p in line.points if (p.x >= at) == beyond]
    return replace(line, points=points, strays=[s for s in line.strays if (s[0] >= at) == beyond])


def carried_part(panel: Panel) -> Panel:
    """The panel without the rates that were not carried; curves of such rates alone stay whole."""
    cut = lambda many: [c for c in (_cut(s, False) for s in many) if c.points]  # noqa: E731
    return replace(panel, series=cut(panel.series), grey=cut(panel.grey), beside=[])


def beyond(line: Series) -> list[Point]:
    """The overloaded part, from the last rate that was carried on."""
    at = first_overloaded(line)
    held = [p for p in line.points if p.x < at]
    over = [p for p in line.points if p.x >= at]
    return [*held[-1:], *over] if over else []


def tail(line: Series, levels: Levels) -> list[Point]:
    """p99 over the launches, where they are long enough to have one and the rate was carried."""
    found = _values(line, levels, lambda r: r.percentile(99)[0])
    return [p for p in found if p.x < first_overloaded(line)]


def cost(line: Series, levels: Levels, name: str) -> list[Point]:
    """CPU time a message."""
    return _values(line, levels, lambda r: load_rows.value(r, name))


def _values(line: Series, levels: Levels, value: Any) -> list[Point]:
    found = series(line.records, levels, "rate_per_s", value)
    return [p for p in found[0].points if p.interval.value > 0] if found else []


def ends(panel: Panel, looks: dict[str, Look]) -> list[lines.End]:
    """The labels of the lines, at their last points."""
    last = [(line, line.points[-1]) for line in panel.series if line.points]
    return [(p.x, p.interval.value, s.label, looks[s.transport].colour) for s, p in last]


def keys(page: list[Panel]) -> list[Any]:
    """The legend: what lines, diamonds and shades mean."""
    ink = {"color": style.MUTED}
    return [
        Line2D([], [], label="p50; CPU of the receiver", **ink),
        Line2D([], [], ls=lines.STYLES[2], label="p99; CPU of both ends", **ink),
        Patch(fc=style.MUTED, alpha=0.25, label="95 % interval"),
        Line2D([], [], ls="", marker="D", ms=5, mfc="white", label="knee: p50 doubled", **ink),
        Line2D([], [], lw=0.7, marker="o", ms=3.4, mfc="none", label="overloaded", **ink),
        Patch(fc=SHADE, label="all overloaded"),
    ]


def driver(records: list[Record]) -> list[str]:
    """What the sender's own loop costs, and how late it was at the highest rate that was carried."""
    spent = by_launch(records, lambda r: load_rows.value(r, "driver_ns_per_message"))
    if not spent:
        return []
    words = [f"driver {style.time_label(stats.median_interval(spent).value)} a message"]
    fixed = [r for r in records if r.case.get("schedule") == "fixed" and not knee.overloaded(r)]
    top = max(map(knee.rate, fixed), default=0)
    at_top = (r for r in fixed if knee.rate(r) == top)
    for name, mine in group(at_top, lambda r: f"{r.transport} {r.case['wait']}").items():
        late = [load_rows.lag_ns(mine, q) for q in (50, 99)]
        p50, p99 = (style.time_label(v) if not math.isnan(v) else "n/a" for v in late)
        at = style.rate_label(top, "/s")
        words.append(f"schedule error of {name} at {at}: p50 {p50}, p99 {p99}")
    return words


def unreadable(page: Iterable[Panel], records: list[Record]) -> list[str]:
    """What the caption admits: tails that no launch was long enough for, responses too short for the clocks."""
    points = [p for panel in page for line in panel.series for p in line.points]
    dim = sum(math.isnan(p.p99) for p in points)
    found = [f"p99 of {dim} points (fewer than 10 samples beyond it)"] if dim else []
    short = sorted({f"{r.transport} {r.case['wait']}" for r in records if math.isnan(r.p50_ns)})
    words = "one-way times shorter than the CPUs' clocks are known apart"
    return found + ([f"responses of some of {', '.join(short)} ({words})"] if short else [])


def rows(panel: Panel, levels: Levels, knees: dict[int, knee.Knee]) -> list[dict[str, Any]]:
    """The numbers of a panel as the CSV holds them: one row a rate of each curve."""
    found = []
    for line, plain in zip(_each_line(panel), lines.rows(panel, "rate_per_s", "p50_response_ns")):
        one, point = line
        mine = [r for r in one.records if knee.rate(r) == point.x]
        at = knees[id(one.records[0])]
        found.append({
            **plain,
            "overloaded": int(point.x >= first_overloaded(one)),
            "achieved_per_s": load_rows.median(mine, "achieved_per_s"),
            "receiver_cpu_ns_per_message": load_rows.median(mine, RECEIVER),
            "send_ns_per_message": load_rows.median(mine, "send_ns_per_message"),
            "send_lag_p50_ns": load_rows.lag_ns(mine, 50),
            "send_lag_p99_ns": load_rows.lag_ns(mine, 99),
            "little_residual": load_rows.median(mine, "little_residual"),
            "little_error": load_rows.median(mine, "little_error"),
            "knee_per_s": at.rate, "knee_lo": at.lo, "knee_hi": at.hi,
        })  # fmt: skip
    return found


def _each_line(panel: Panel) -> list[tuple[Series, Point]]:
    return [(line, point) for line in panel.lines for point in line.points]
