#!/usr/bin/python3
"""What batches buy and what waiting for one costs, a row for each offered rate and condition.

Left: mean wait of a message for its batch against the batch size B, one colour a flush timeout τ, strokes measured (one
a transport), lines the model: Poisson arrivals, a batch leaves when it is full or its first message has waited for τ.
Right: the receiver's CPU time per message (the sender spins on the clock) against a tail of the response; each filled mark is one B (its area) and τ (its shape), left and low
is better; the steps are the Pareto front, whose ends name their B: no other setting is both cheaper and quicker. The
tail is p99, or where a launch has fewer than 10 messages beyond it p95 or p90. Overloaded cases (< 99 % of offered) are
left out.

    analysis/batching.py RUN_DIR [-o OUT_DIR]
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

import batch_waits
import families
import figure
import models
import style
from batch_model import Setting, by_panel, pareto, settings
from figure import Drawn
from records import Run
from series import Levels

TITLE = "Batch size and flush timeout: the wait for a batch, and cost against response time"
ROWS_A_PAGE = 4


def draw(run: Run, out_dir: Path) -> list[Drawn]:
    """batching.svg, and -2 on where there are many rates and conditions."""
    found, overloaded = settings(run, Levels.of(run))
    drawn = []
    for suffix, part in figure.pages(list(by_panel(found).items()), ROWS_A_PAGE):
        drawn.append(_page(run, out_dir, f"batching{suffix}", part, overloaded))
    return drawn


def _page(run: Run, out_dir: Path, name: str, panels: list, overloaded: int) -> Drawn:
    found = [s for _, members in panels for s in members]
    fig, axes = figure.grid(2 * len(panels), columns=2, labels=[f"{s.label} B 1024" for s in found])
    figure.title(fig, TITLE)
    looks, rows, flushes = families.looks(run), [], sorted({s.flush_ns for s in found})
    for i, (title, members) in enumerate(panels):
        batch_waits.draw(axes[2 * i], title, members, flushes)
        rows += _trade_off(axes[2 * i + 1], title, members, looks, flushes)
    _legend(fig, found, flushes)
    missing = [f"{overloaded} overloaded cases"] if overloaded else []
    missing += style.absent(r for r in run.records if r.experiment == "batching")
    text = style.caption(run, run.of("batching", pattern="pace"), missing)
    told = [r for r in models.rows(models.fits(run)) if r["model"].startswith("added wait")]
    text += "".join(
        f" · model: median error {r['median_error']:.1%}, fails {r['region']}" for r in told
    )
    style.finish(fig, text)
    path = style.save(fig, out_dir, name, rows)
    return Drawn(name, TITLE, __doc__ or "", text, path)


def _trade_off(
    ax: Axes, name: str, members: list[Setting], looks: dict, flushes: list[float]
) -> list[dict]:
    ends, rows = [], []
    by_label: dict[str, list[Setting]] = {}
    for setting in members:
        by_label.setdefault(setting.label, []).append(setting)
    for i, (label, mine) in enumerate(by_label.items()):
        colour, front = looks[mine[0].transport].colour, pareto(mine)
        for s in mine:
            ax.plot(s.p99_ns, s.cpu_ns, style.MARKERS[flushes.index(s.flush_ns) % 8], ms=_size(s),
                    color=colour, alpha=0.9 if s in front else 0.25, mec="white", mew=0.4)  # fmt: skip
        ax.step(
            [s.p99_ns for s in front], [s.cpu_ns for s in front], where="post", color=colour, lw=1
        )
        ax.annotate(f"B {front[0].batch:g}", (front[0].p99_ns, front[0].cpu_ns), (-2, 5 + 8 * i), fontsize=7,
                    textcoords="offset points", ha="center", color=colour)  # fmt: skip
        ends.append((front[-1].p99_ns, front[-1].cpu_ns, f"{label} B {front[-1].batch:g}", colour))
        rows += [s.row(name, s in front) for s in mine]
    ax.set(title=name, xlabel=f"p{members[0].tail} response, from the intended send [time]",
           ylabel="CPU of the receiver per message [time]", xscale="log", yscale="log")  # fmt: skip
    ax.margins(0.08, 0.14)
    style.log_axis(ax.xaxis)
    style.log_axis(ax.yaxis)
    style.label_ends(ax, ends)
    return rows


def _size(setting: Setting) -> float:
    return 3 + 0.7 * math.log2(setting.batch)


def _legend(fig: figure.Figure, found: list[Setting], flushes: list[float]) -> None:
    keys = [Line2D([], [], ls="", marker=style.MARKERS[i % 8], color=batch_waits.colour(f, flushes), ms=5,
                   label=f"τ {batch_waits.tau(f)}") for i, f in enumerate(flushes)]  # fmt: skip
    figure.key(fig, keys)


if __name__ == "__main__":
    sys.exit(figure.main(draw, __doc__))
