#!/usr/bin/python3
"""What batches buy and what waiting for one costs: CPU time per message against p99 response time.

Each dot is one batch size (its area) and flush timeout (its marker) at an offered rate; left and low is better. The
steps are the Pareto front: no other setting is both cheaper and quicker. Overloaded cases (< 99 % of offered) are
left out. Last panel: mean wait of a message for its batch against the model, W = τ(1+λτ/2)/(1+λτ) where the timer
sends the batch, (B-1)/(2λ) where it is full before; hollow in between, where neither holds.

    analysis/batching.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

import families
import figure
import lines
import style
from batch_model import Setting, by_panel, model_wait, pareto, regime, settings
from figure import Drawn
from records import Run
from series import Levels

TITLE = "Batch size and flush timeout: cost against response time"


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """batching.svg: one panel a rate and condition, and the model's."""
    found, overloaded = settings(run, Levels.of(run))
    if not (panels := by_panel(found)):
        return []
    fig, axes = figure.grid(len(panels) + 1, labels=sorted({s.label for s in found}))
    figure.title(fig, TITLE)
    looks, rows, flushes = families.looks(run), [], sorted({s.flush_ns for s in found})
    for ax, (name, members) in zip(axes, panels.items()):
        rows += _trade_off(ax, name, members, looks, flushes)
    _model(axes[-1], found, looks)
    _legend(axes[-1], found, flushes)
    missing = [f"{overloaded} overloaded cases"] if overloaded else []
    missing += lines.absent(r for r in run.records if r.experiment == "batching")
    text = style.caption(run, run.of("batching"), missing)
    style.finish(fig, text)
    path = style.save(fig, out_dir, "batching", rows)
    return [Drawn("batching", TITLE, __doc__ or "", text, path)]


def _trade_off(
    ax: Axes, name: str, members: list[Setting], looks: dict, flushes: list
) -> list[dict]:
    ends, rows = [], []
    by_label: dict[str, list[Setting]] = {}
    for setting in members:
        by_label.setdefault(setting.label, []).append(setting)
    for label, mine in by_label.items():
        colour = looks[mine[0].transport].colour
        front = pareto(mine)
        for s in mine:
            ax.plot(s.p99_ns, s.cpu_ns, style.MARKERS[flushes.index(s.flush_ns)], ms=_size(s),
                    color=colour, alpha=0.9 if s in front else 0.3, mec="white", mew=0.4)  # fmt: skip
        ax.step(
            [s.p99_ns for s in front], [s.cpu_ns for s in front], where="post", color=colour, lw=1
        )
        ends.append((front[-1].p99_ns, front[-1].cpu_ns, label, colour))
        rows += [s.row(name, s in front) for s in mine]
    x, y = "p99 response, from the intended send [time]", "CPU of both ends per message [time]"
    ax.set(title=name, xlabel=x, ylabel=y)
    _logs(ax)
    style.label_ends(ax, ends)
    return rows


def _size(setting: Setting) -> float:
    return 3 + 0.8 * math.log2(setting.batch) if math.isfinite(setting.batch) else 9


def _model(ax: Axes, found: list[Setting], looks: dict) -> None:
    """Measured against modelled wait; batches of one do not wait."""
    pairs = [(s, model_wait(s)) for s in found if s.batch > 1 and s.wait_ns > 0]
    x, y = "model W [time]", "measured mean wait [time]"
    ax.set(title="mean wait for the batch: measured against model", xlabel=x, ylabel=y)
    for s, wait in pairs:
        colour, clear = looks[s.transport].colour, regime(s) != "between"
        ax.plot(wait, s.wait_ns, "o", ms=4, mfc=colour if clear else "none", mec=colour, mew=0.7,
                alpha=0.8)  # fmt: skip
    if pairs:
        ends = [min(w for _, w in pairs), max(w for _, w in pairs)]
        ax.plot(ends, ends, color=style.MUTED, lw=1, ls=(0, (1, 1.2)))
    _logs(ax)


def _logs(ax: Axes) -> None:
    ax.set(xscale="log", yscale="log")
    ax.margins(0.06)
    style.log_axis(ax.xaxis)
    style.log_axis(ax.yaxis)


def _legend(ax: Axes, found: list[Setting], flushes: list[float]) -> None:
    """Markers and areas, in the margin right of the last panel."""
    keys = [
        Line2D([], [], ls="", marker=style.MARKERS[i], color=style.MUTED, ms=5,
               label=f"τ {style.time_label(f) if math.isfinite(f) else '∞'}")
        for i, f in enumerate(flushes)
    ]  # fmt: skip
    sizes = {s.batch: _size(s) for s in sorted(found, key=lambda s: s.batch)}
    keys += [
        Line2D([], [], ls="", marker="o", color=style.MUTED, ms=ms, label=f"B {batch:g}")
        for batch, ms in sizes.items()
    ]
    ax.legend(handles=keys, loc="upper left", bbox_to_anchor=(1.02, 1.02), handletextpad=0.2)


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
