"""The panel of mean waits: measured against the model, over the batch size, a colour a flush timeout."""

from __future__ import annotations

import math

import matplotlib
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

import style
from batch_model import Setting, mean_wait


STROKES = (
    "x",
    "+",
    "1",
    "2",
    "3",
    "4",
    "|",
    "_",
)  # a transport; filled shapes are the other panel's timeouts


def tau(flush_ns: float) -> str:
    return style.time_label(flush_ns) if math.isfinite(flush_ns) else "∞"


def colour(flush_ns: float, flushes: list[float]) -> str:
    """A shade from dark to light: the colours proper are transports'."""
    at = flushes.index(flush_ns) / max(len(flushes) - 1, 1)
    return matplotlib.colors.to_hex(matplotlib.colormaps["viridis"](0.8 * at))


def draw(ax: Axes, title: str, members: list[Setting], flushes: list[float]) -> None:
    """Batches of one do not wait, nor do those of a timeout of 0."""
    waiting = [s for s in members if s.batch > 1 and s.flush_ns > 0]
    marks = {t: STROKES[i % 8] for i, t in enumerate(sorted({s.transport for s in members}))}
    ends, sizes = [], sorted({s.batch for s in waiting})
    for flush in sorted({s.flush_ns for s in waiting}):
        shade = colour(flush, flushes)
        model = [mean_wait(b, flush, waiting[0].rate_per_s) for b in sizes]
        ax.plot(sizes, model, color=shade, lw=1, alpha=0.8)
        ends.append((sizes[-1], model[-1], f"τ {tau(flush)}", shade))
        for s in (s for s in waiting if s.flush_ns == flush):
            mark = marks[s.transport]
            ax.plot(s.batch, s.wait.value, mark, ms=6, color=shade, mew=1.1)
    style.byte_axis(ax, [s.batch for s in members], "batch size B [messages]")
    ax.xaxis.set_major_formatter("{x:g}")  # a count, not bytes
    ax.set(title=title, ylabel="mean wait for the batch [time]", yscale="log")
    style.log_axis(ax.yaxis)
    style.label_ends(ax, ends)
    keys = [
        Line2D([], [], ls="", marker=m, color=style.MUTED, ms=6, label=t) for t, m in marks.items()
    ]
    ax.legend(handles=keys, loc="upper left", handletextpad=0.2, borderaxespad=0.2, fontsize=7)
