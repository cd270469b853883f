"""The layouts that communication makes by itself: what packing two fields does, against the widest of the same launch.

`state`: the consumer polls a state, beside which the producer writes a stamp for itself. `payload`: it polls an index and
then reads what the producer wrote beside it. `indices`: head and tail of a ring. The sign is the result: below zero, packed wins.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from statistics import median

from matplotlib.lines import Line2D

import figure
import stats
import style
from figure import Drawn
from records import Record, Run, by_launch, group, select

TITLE = "Two fields of one structure, by their distance"
TEXT = """Each panel is one quantity of one structure against the distance of its two fields, relative to the same quantity of the
widest layout of the same launch: at zero packing costs nothing, below it packed wins. One line a pace and number of
private writes; the median over launches with its 95 % interval. What `state` is: a consumer polls x_state, the producer
writes x_pstamp beside it before it publishes. What `payload` is: the same, and the consumer reads x_pstamp. What `indices` is: head and tail of a ring."""
Value = Callable[[Record], float]


def polls(record: Record) -> float:
    seen = (record.raw.get("rounds") or {}).get("polls_per_message") or []
    return float(median(seen)) if seen else math.nan


def p50(name: str) -> Value:
    return lambda record: record.percentile(50, name)[0]


QUANTITIES: dict[str, list[tuple[str, Value]]] = {
    "state": [
        ("round trip", lambda r: r.p50_ns),
        ("publishing, p50", p50("publish_ns")),
        ("private writes, p50", p50("private_writes_ns")),
        ("polls a message", polls),
    ],
    "payload": [("round trip", lambda r: r.p50_ns), ("polls a message", polls)],
    "indices": [("time a message", lambda r: r.p50_ns), ("polls a message", polls)],
}


def draw(run: Run, records: list[Record], out_dir: Path) -> list[Drawn]:
    """false_sharing_layouts.svg."""
    panels = [(kind, name, value, select(records, structure=kind)) for kind, many in QUANTITIES.items()
              for name, value in many if select(records, structure=kind)]  # fmt: skip
    shown = [r for kind in QUANTITIES for r in select(records, structure=kind)]
    if not shown:
        return []
    fig, axes = figure.grid(len(panels), columns=min(len(panels), 3), row_in=2.9)
    figure.title(fig, TITLE)
    rows, labels = [], sorted({_label(r) for r in shown})
    for ax, (kind, name, value, members) in zip(axes, panels):
        for label, line in sorted(group(members, _label).items()):
            points = against_widest(line, value)
            colour = style.PALETTE[labels.index(label) % len(style.PALETTE)]
            xs = list(points)
            ax.plot(xs, [100 * points[x].value for x in xs], "o-", color=colour, ms=3)
            band = [x for x in xs if points[x].lo is not None]
            ax.fill_between(band, [100 * points[x].lo for x in band], [100 * points[x].hi for x in band],
                            color=colour, alpha=0.2, lw=0)  # fmt: skip
            rows += [{"structure": kind, "quantity": name, "layout": label, "distance_bytes": x,
                      "against_widest": points[x].value, "lo": points[x].lo, "hi": points[x].hi,
                      "launches": points[x].n} for x in xs]  # fmt: skip
        ax.axhline(0, lw=0.8, color=style.MUTED)
        ax.set_title(f"{kind}: {name}")
        ax.set_xlabel("distance of the two fields [B]")
        ax.set_ylabel("against the widest [%]")
        ax.set_xticks(range(0, int(ax.get_xlim()[1]) + 1, 64))
        ax.tick_params(axis="x", labelsize=7)
    figure.key(fig, [Line2D([], [], color=style.PALETTE[i % len(style.PALETTE)], label=label)
                     for i, label in enumerate(labels)])  # fmt: skip
    text = style.caption(run, shown)
    style.finish(fig, text)
    path = style.save(fig, out_dir, "false_sharing_layouts", rows)
    return [Drawn("false_sharing_layouts", TITLE, TEXT, text, path)]


def against_widest(records: list[Record], value: Value) -> dict[int, stats.Interval]:
    """By distance, the median over launches of a quantity's ratio to that of the launch's widest layout, less one."""
    widest = max(r.case["distance_bytes"] for r in records)
    base = {r.launch_id: value(r) for r in select(records, distance_bytes=widest)}
    found = {}
    for distance, members in sorted(group(records, lambda r: r.case["distance_bytes"]).items()):
        ratios = by_launch(members, lambda r: value(r) / (base.get(r.launch_id) or math.nan) - 1)
        if ratios:
            found[distance] = stats.median_interval(ratios)
    return found


def _label(record: Record) -> str:
    case = record.case
    pace = f"pause {case['pace_ns']} ns" if case["pace_ns"] else "no pause"
    writes = (
        "ring" if case["structure"] == "indices" else f"{case['private_writes']} private writes"
    )
    return f"{writes}, {pace}"
