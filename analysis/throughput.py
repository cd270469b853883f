#!/usr/bin/python3
"""Throughput against message size: bytes per second above, messages per second below.

Each point is the median over launches of the central rate, its size over the median window of the receiver's clock,
the band its 95 % interval; both figures, cpu and the tables take this one. The CSV has beside it all bytes over all of
the time, which stops of the machine lower. Dotted lines are no mechanism: one memcpy a message on the receiver's core
limits what copies once there; the bare cross-core stream (one core writes buffers, the other reads them) pays one flag
a message of that size, one at a time. It is no limit to what saves flags: batches (messages handed over together), and
rings whose reader takes several messages that have piled up for one look at the flag. Where mechanisms are
many, a panel is a family: its best are coloured, the others grey, the best of all is dashed.

    analysis/throughput.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path

from matplotlib.axes import Axes

import families
import figure
import lines
import rates
import style
from figure import Drawn
from records import Record, Run
from panels import Panel, panels
from series import Levels, series

# transport → name in the figure
ROOFS = {"core_stream": "stream, a flag a message", "memcpy": "memcpy"}
CENTRAL = "rate: 1 / the median window"
PASSED = "the stream pays a flag a message: batches and full rings, which save flags, may pass it"
TITLE = "Throughput"


VIEWS: tuple[tuple[str, str, Callable[[Record], float], str], ...] = (
    ("bytes", "payload [B/s]", rates.bytes_per_s, "B/s"),
    ("messages", "messages [1/s]", rates.messages_per_s, "/s"),
)


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """throughput.svg and throughput-messages.svg, further pages where conditions do not fit on one."""
    records, levels = run.of("throughput"), Levels.of(run)
    roofs = {name: [r for r in records if r.transport == floor] for floor, name in ROOFS.items()}
    missing = style.absent(r for r in run.records if r.experiment == "throughput")
    missing += [f"the {name} roofline" for name, found in roofs.items() if not found]
    drawn = []
    for view, label, value, unit in VIEWS:
        limits = {name: series(found, levels, value=value) for name, found in roofs.items()}
        for suffix, page in figure.pages(panels(records, levels, value, max)):
            name = f"throughput{'' if view == 'bytes' else '-' + view}{suffix}"
            fig, axes = figure.grid(len(page), labels=[*lines.labels(page), *ROOFS.values()])
            figure.title(fig, f"{TITLE}: {view} per second")
            ends = [
                lines.draw_panel(ax, panel, families.looks(run)) for ax, panel in zip(axes, page)
            ]
            lines.key(fig, page)
            _frame(axes, page, limits, label, unit, ends)
            for ax, labels in zip(axes, ends):
                style.label_ends(ax, labels)
            words = [*missing, *lines.doubts(page)]
            text = style.caption(run, (r for p in page for r in p.records), words)
            says = [text, CENTRAL, *[PASSED] * bool(limits[ROOFS["core_stream"]])]
            text = " · ".join([*says, *lines.left_out(page), *levels.words()])
            style.finish(fig, text)
            roofed = [Panel(roof, limit, []) for roof, limit in limits.items()]
            rows = [r for p in [*page, *roofed] for r in _rows(p, levels, view)]
            path = style.save(fig, out_dir, name, rows)
            drawn.append(Drawn(name, f"{TITLE}: {view} per second", __doc__ or "", text, path))
    return drawn


def _rows(panel: Panel, levels: Levels, view: str) -> list[dict]:
    """As of other figures, and beside the central rate the counted one: all bytes over all of the time."""
    rows = lines.rows(panel, "message_bytes", f"{view}_per_s")
    for row, per_s in zip(rows, lines.beside(panel, levels, rates.counted_per_s)):
        size = row["message_bytes"] if view == "messages" else 1
        row[f"counted_{view}_per_s"] = per_s / size if size else math.nan
    return rows


def _best(limit: list) -> dict[float, float]:
    """Of several batches or levels the best is the limit."""
    best: dict[float, float] = {}
    for one in limit:
        for point in one.points:
            best[point.x] = max(best.get(point.x, 0.0), point.interval.value)
    return best


def _frame(
    axes: list[Axes], page: list[Panel], limits: dict[str, list], label: str, unit: str, ends: list
) -> None:
    """The same scales in all panels, and the rooflines in each."""
    points = [p for panel in page for s in [*panel.named, *panel.grey] for p in s.points]
    values = [p.interval.value for p in points]
    sizes = sorted({p.x for p in points})
    roofs = {name: _best(limit) for name, limit in limits.items() if limit}
    high = max(values + [v for roof in roofs.values() for v in roof.values()])
    for ax, labels in zip(axes, ends):
        style.byte_axis(ax, [p.x for p in points])
        ax.set_yscale("log")
        ax.set_ylim(min(values) / 1.4, high * 1.8)
        style.log_axis(ax.yaxis, lambda v, _: style.rate_label(v, unit))
        if ax.get_subplotspec().is_first_col():
            ax.set_ylabel(label)
        for name, roof in roofs.items():
            at, ink = sorted(x for x in roof if sizes[0] <= x <= sizes[-1]), style.MUTED
            ax.plot(at, [roof[x] for x in at], color=ink, lw=1.2, ls=(0, (1, 1.2)))
            labels += [(at[-1], roof[at[-1]], name, ink)] if at else []


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
