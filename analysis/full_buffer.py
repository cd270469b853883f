"""What a sender meets at a full buffer: the last panel of the window figure, and its rows."""

from __future__ import annotations

import math
from statistics import median
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

import dealt
import style
from records import Record, group

MARKERS = {"block": "o", "fail": "s", "drop": "^"}
FACTS = ("capacity_messages", "refusal_ns", "delivered", "refused", "dropped")
COSTS = {
    "delivered_per_s": dealt.per_s,
    "sender_cpu_share": dealt.sender_cpu_share,
    "loss": dealt.loss,
}


def panel(ax: Axes, records: list[Record], looks: dict) -> list[dict[str, Any]]:
    """A row a channel: the sender's share of a CPU by what it does; beside it, what a refusal costs."""
    rows, channels = [], dict(sorted(group(records, _channel).items()))
    for y, (name, members) in enumerate(channels.items()):
        colour, told = looks[members[0].transport].colour, []
        for full, mine in group(members, lambda r: r.case["full"]).items():
            row = {"transport": name, "full": full, **{fact: _median(mine, fact) for fact in FACTS}}
            for key, value in COSTS.items():
                interval = dealt.over_launches(mine, value)
                row[key] = interval.value if interval else math.nan
            rows.append(row | {"launches": len(mine)})
            face = colour if full == "block" else "none"  # fail and drop lie on each other
            ax.plot(row["sender_cpu_share"], y, MARKERS[full], mec=colour, mfc=face, ms=6)
            told.append(row["refusal_ns"])
        known = [ns for ns in told if math.isfinite(ns)]
        words = f"{name}: a refusal takes {style.time_label(median(known))}" if known else name
        ax.annotate(words, (0.01, y), (0, 7), ax.get_yaxis_transform(), "offset points", fontsize=8,
                    color=colour)  # fmt: skip
    ax.set(title="a full buffer", ylim=(len(channels) - 0.4, -0.7))
    ax.set(xlabel="CPU time of the sender, of the time it sent [%]")
    ax.set(xscale="log", xlim=(min(3e-3, *(r["sender_cpu_share"] for r in rows)) / 1.5, 1.6))
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    ax.set_yticks(range(len(channels)), [""] * len(channels))
    ax.tick_params(axis="y", length=0)
    keys = [Line2D([], [], ls="", marker=m, mec=style.MUTED, ms=6, label=n,
                   mfc=style.MUTED if n == "block" else "none")
            for n, m in MARKERS.items()]  # fmt: skip
    ax.legend(handles=keys, loc="upper left", bbox_to_anchor=(1.02, 1.02), handletextpad=0.2)
    return rows


def _channel(record: Record) -> str:
    told = [
        f"{n.split('_')[0]} {record.case[n]}"
        for n in ("depth", "buffer_bytes")
        if record.case.get(n)
    ]
    return " ".join([record.transport, *told])


def _median(records: list[Record], name: str) -> float:
    """Of a value of the records; nan where none has it."""
    interval = dealt.over_launches(records, lambda r: r.values.get(name, math.nan))
    return interval.value if interval else math.nan
