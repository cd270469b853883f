#!/usr/bin/python3
"""Throughput against message size: bytes per second above, messages per second below.

Each point is the median over launches of what the receiver's clock saw, the band its 95 % interval. The dotted line
is the machine's limit, the bare cross-core stream: one core writes buffers, the other reads them, one flag a
buffer. A batch is the number of messages handed over together.

    analysis/throughput.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path

from matplotlib.axes import Axes

import figure
import lines
import style
from figure import Drawn
from records import Record, Run
from series import Levels, Panel, panels, series

ROOF_TRANSPORT = "core_stream"
TITLE = "Throughput against message size"


def bytes_per_s(record: Record) -> float:
    """Of one launch: what it counted, else size over time per message."""
    counted = record.values.get("bytes_per_s")
    return float(counted) if counted else record.message_bytes * messages_per_s(record)


def messages_per_s(record: Record) -> float:
    return 1e9 / record.p50_ns if record.p50_ns > 0 else math.nan


VIEWS: tuple[tuple[str, str, Callable[[Record], float], str], ...] = (
    ("bytes", "payload [B/s]", bytes_per_s, "B/s"),
    ("messages", "messages [1/s]", messages_per_s, "/s"),
)


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """throughput.svg and throughput-messages.svg, further pages where conditions do not fit on one."""
    records, levels = run.of("throughput"), Levels.of(run)
    roof = [r for r in records if r.transport == ROOF_TRANSPORT]
    missing = lines.absent(r for r in run.records if r.experiment == "throughput")
    missing += [] if roof else [f"the cross-core stream ({ROOF_TRANSPORT})"]
    drawn = []
    for view, label, value, unit in VIEWS:
        limit = series(roof, levels, value=value)
        for suffix, page in figure.pages(panels(records, levels, value)):
            name = f"throughput{'' if view == 'bytes' else '-' + view}{suffix}"
            fig, axes = figure.grid(len(page), labels=lines.labels(page))
            figure.title(fig, f"{TITLE}: {view} per second")
            ends = [lines.draw_panel(ax, panel, style.looks(run)) for ax, panel in zip(axes, page)]
            _frame(axes, page, limit, label, unit)
            for ax, labels in zip(axes, ends):
                style.label_ends(ax, labels)
            words = [*missing, *lines.doubts(page)]
            text = style.caption(run, (r for p in page for r in p.records), words)
            style.finish(fig, " · ".join([text, *levels.words()]))
            rows = [r for p in page for r in lines.rows(p, "message_bytes", f"{view}_per_s")]
            limits = Panel("cross-core stream", limit, [])
            rows += lines.rows(limits, "message_bytes", f"{view}_per_s")
            path = style.save(fig, out_dir, name, rows)
            drawn.append(Drawn(name, f"{TITLE}: {view} per second", __doc__ or "", text, path))
    return drawn


def _frame(axes: list[Axes], page: list[Panel], limit: list, label: str, unit: str) -> None:
    """The same scales in all panels, and the roofline in each."""
    points = [p for panel in page for s in panel.series for p in s.points]
    values = [p.interval.value for p in points]
    roof = {p.x: p.interval.value for s in limit for p in s.points}
    for s in limit:  # several batches: the best of them is the limit
        roof |= {p.x: max(roof[p.x], p.interval.value) for p in s.points}
    high = max(values + list(roof.values()))
    for ax in axes:
        style.byte_axis(ax, [p.x for p in points])
        ax.set_yscale("log")
        ax.set_ylim(min(values) / 1.4, high * 1.8)
        style.log_axis(ax.yaxis, lambda v, _: style.rate_label(v, unit))
        if ax.get_subplotspec().is_first_col():
            ax.set_ylabel(label)
        if roof:
            ax.plot(sorted(roof), [roof[x] for x in sorted(roof)], color=style.MUTED, lw=1.2,
                    ls=(0, (1, 1.2)))  # fmt: skip
            middle = sorted(roof)[len(roof) // 2]
            ax.annotate("cross-core stream", (middle, roof[middle]), (0, 4), ha="center", va="bottom",
                        textcoords="offset points", fontsize=7, color=style.MUTED)  # fmt: skip


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
