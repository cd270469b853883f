"""What a sender meets at a full buffer: the last panel of the window figure, and its rows."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

import dealt
import style
from records import Record, group

MARKERS = {"block": "o", "fail": "s", "drop": "^"}
FACTS = ("capacity_messages", "refusal_ns", "delivered", "refused", "dropped")


def panel(ax: Axes, records: list[Record], looks: dict) -> list[dict[str, Any]]:
    """A row a channel: the sender's CPU time by what it does at a full buffer."""
    rows, channels = [], dict(sorted(group(records, _channel).items()))
    for y, (name, members) in enumerate(channels.items()):
        colour = looks[members[0].transport].colour
        for full, mine in group(members, lambda r: r.case["full"]).items():
            facts = {name: _median(mine, name) for name in FACTS}
            cost = dealt.over_launches(mine, dealt.sender_cpu_ns)
            if cost is None:
                continue
            ax.plot(cost.value, y, MARKERS[full], color=colour, ms=5)
            ax.plot(facts["refusal_ns"], y, "D", mfc="none", mec=colour, ms=4)
            per_s = dealt.over_launches(mine, dealt.per_s)
            rows.append({"transport": name, "full": full, "launches": cost.n, **facts,
                         "delivered_per_s": per_s.value if per_s else math.nan,
                         "sender_cpu_ns_per_message": cost.value})  # fmt: skip
    ax.set(title="a full buffer: CPU of the sender per message", ylim=(len(channels) - 0.5, -0.5))
    ax.set_yticks(range(len(channels)), list(channels), fontsize=7.5)
    ax.set_xscale("log")
    style.log_axis(ax.xaxis)
    keys = [Line2D([], [], ls="", marker=m, color=style.MUTED, ms=5, label=n)
            for n, m in MARKERS.items()]  # fmt: skip
    keys += [
        Line2D([], [], ls="", marker="D", mfc="none", color=style.MUTED, ms=4, label="refusal")
    ]
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
