#!/usr/bin/python3
"""What a receiver that only looks at intervals adds to the response, and what it burns when messages are rare.

Left: median response less that of the same receiver when it waits, paired within launches, with 95 % intervals, against
the interval I; the dotted line is the claim, I/2. Where timers fire late, short intervals are not kept. Right: CPU time
of the receiver per message; dashed, a look's cost times the looks there ought to be, c/λI; crosses at the left edge are
the receiver that waits. One colour a transport, one style a rate and timer slack.

    analysis/polling.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

import families
import figure
import lines
import models
import style
from figure import Drawn
from polling_model import Polled, polled
from records import Run
from series import Levels

TITLE = "Polling at fixed intervals: latency added, and CPU time burnt"
Lines = dict[tuple[str, str], list[Polled]]  # by transport and condition


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """polling.svg."""
    found = polled(run, Levels.of(run))
    if not found:
        return []
    drawn: Lines = {}
    several = len({(p.wait, p.slack_ns) for p in found}) > 1
    for p in sorted(found, key=lambda p: (p.transport, p.rate_per_s, p.interval_ns)):
        drawn.setdefault((p.transport, _words(p, several)), []).append(p)
    fig, axes = figure.grid(2, labels=[" ".join(k) for k in drawn])
    figure.title(fig, TITLE)
    looks = families.looks(run)
    styles = {w: lines.STYLES[i % 4] for i, w in enumerate(sorted({k[1] for k in drawn}))}
    _added(axes[0], drawn, looks, styles)
    _burnt(axes[1], drawn, looks, styles)
    mine = [r for r in run.of("timeout", pattern="pace")]
    overloaded = sum(bool(r.values.get("overloaded")) for r in mine)
    missing = [f"{overloaded} overloaded records"] if overloaded else []
    missing += style.absent(r for r in run.records
                            if r.experiment == "timeout" and r.case.get("poll_interval_ns"))  # fmt: skip
    text = style.caption(run, mine, missing)
    for row in models.rows(f for f in models.fits(run) if "I" in f.at):
        text += f" · {row['model']}: median error {row['median_error']:.0%}, fails {row['region']}"
    style.finish(fig, text)
    path = style.save(fig, out_dir, "polling", [_row(p) for p in found])
    return [Drawn("polling", TITLE, __doc__ or "", text, path)]


def _words(p: Polled, several: bool) -> str:
    words = style.rate_label(p.rate_per_s, "/s")
    if not several:
        return words
    slack = f" slack {style.time_label(p.slack_ns)}" if p.slack_ns else ""
    return f"{words} {p.wait}{slack}"


def _added(ax: Axes, drawn: Lines, looks: dict[str, Any], styles: dict[str, Any]) -> None:
    ends = []
    for (transport, words), mine in drawn.items():
        look, xs = looks[transport], [p.interval_ns for p in mine]
        ys = [p.added_ns.value for p in mine]
        ax.plot(xs, ys, look.marker or "o", ls=styles[words], color=look.colour, ms=4)
        sure = [p for p in mine if p.added_ns.lo is not None]
        ax.fill_between([p.interval_ns for p in sure], [p.added_ns.lo for p in sure],
                        [p.added_ns.hi for p in sure], color=look.colour, alpha=0.2, lw=0)  # fmt: skip
        ends.append((xs[-1], ys[-1], f"{transport} {words}", look.colour))
    xs = sorted({p.interval_ns for mine in drawn.values() for p in mine})
    ax.plot(xs, [x / 2 for x in xs], color=style.INK, lw=1, ls=(0, (1, 1.2)), zorder=5)
    ax.annotate("I/2", (xs[-1], xs[-1] / 2), (-4, 6), textcoords="offset points", ha="right")
    _axes(ax, "added to the median response", "added [time]")
    style.label_ends(ax, ends)


def _burnt(ax: Axes, drawn: Lines, looks: dict[str, Any], styles: dict[str, Any]) -> None:
    ends = []
    for (transport, words), mine in drawn.items():
        look, xs = looks[transport], [p.interval_ns for p in mine]
        ax.plot(xs, [p.cpu_ns.value for p in mine], look.marker or "o", ls=styles[words],
                color=look.colour, ms=4)  # fmt: skip
        ax.plot(xs, [p.model_cpu_ns for p in mine], color=look.colour, lw=0.8, ls=(0, (5, 3)))
        ax.plot(xs[0] / 1.6, mine[0].waiting_cpu_ns, "x", color=look.colour, ms=5)
        ends.append((xs[-1], mine[-1].cpu_ns.value, f"{transport} {words}", look.colour))
    _axes(ax, "CPU of the receiver; × waits, dashed c/λI", "per message [time]")
    style.label_ends(ax, ends)


def _axes(ax: Axes, title: str, y: str) -> None:
    ax.set(title=title, xlabel="poll interval I [time]", ylabel=y, xscale="log", yscale="log")
    style.log_axis(ax.xaxis)
    style.log_axis(ax.yaxis)


def _row(p: Polled) -> dict[str, Any]:
    return {
        "transport": p.transport, "wait": p.wait, "rate_per_s": p.rate_per_s,
        "timer_slack_ns": p.slack_ns, "poll_interval_ns": p.interval_ns,
        "added_ns": p.added_ns.value, "lo": p.added_ns.lo, "hi": p.added_ns.hi,
        "launches": p.added_ns.n, "model_ns": p.interval_ns / 2,
        "residual": p.added_ns.value / (p.interval_ns / 2) - 1,
        "receiver_cpu_ns": p.cpu_ns.value, "waiting_cpu_ns": p.waiting_cpu_ns,
        "model_cpu_ns": p.model_cpu_ns, "looks_per_message": p.looks_per_message,
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
