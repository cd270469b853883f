"""What summary.json says of windows, slow consumers and fans: one row a line of their figures."""

from __future__ import annotations

from typing import Any

import dealt
from records import Record, Run, by_launch, freeze, group
from stats import Interval, median_interval

ENOUGH = 0.95  # of the best throughput: the smallest window that gets so much


def window(run: Run) -> list[dict[str, Any]]:
    """Per channel: throughput with one message out, the best, their ratio paired within launches, and where."""
    found = []
    records = [r for r in run.of("window") if r.case["pattern"] == "window"]
    for members in group(records, lambda r: freeze(r.case, ("window",))).values():
        rate = {w: median_interval(by_launch(rs, _rate)).value
                for w, rs in sorted(group(members, lambda r: r.case["window"]).items())}  # fmt: skip
        if 1 not in rate or len(rate) < 2:
            continue
        best = max(rate, key=lambda w: rate[w])
        found.append({
            "case": {**members[0].case, "window": None}, "per_s_at_one": rate[1],
            "per_s_best": rate[best], "window_best": best, "gain": _interval(_gain(members, best)),
            "window_enough": min(w for w in rate if rate[w] >= ENOUGH * rate[best]),
            "largest": max(rate),
        })  # fmt: skip
    return found


def _rate(record: Record) -> float:
    return 1e9 / record.p50_ns


def _gain(members: list[Record], best: int) -> Interval | None:
    ratios = []
    for here in group(members, lambda r: r.launch_id).values():
        rates = {r.case["window"]: _rate(r) for r in here}
        if {1, best} <= set(rates):
            ratios.append(rates[best] / rates[1])
    return median_interval(ratios) if ratios else None


def hol_blocking(run: Run) -> list[dict[str, Any]]:
    """Per transport, arrangement and pause: the share of their throughput that the healthy ones keep, and Jain's index."""
    records = run.of("hol_blocking")
    found = []
    for (transport, arrangement, pause), share in dealt.kept(records).items():
        mine = [r for r in records if r.transport == transport and r.case["pause_ns"] == pause]
        mine = [r for r in mine if dealt.arrangement(r) == arrangement]
        found.append({
            "transport": transport, "arrangement": arrangement, "pause_ns": pause,
            "kept": _interval(share),
            "healthy_per_s": _interval(dealt.over_launches(mine, dealt.healthy_per_s)),
            "jain": _interval(dealt.over_launches(mine, dealt.jain)),
            "oversubscribed": mine[0].raw.get("oversubscribed"),
        })  # fmt: skip
    return found


def fan(run: Run) -> list[dict[str, Any]]:
    """Per case: messages per second of all ends, Jain's index of either side."""
    found = []
    for members in group(run.of("fan"), lambda r: freeze(r.case)).values():
        found.append({
            "case": members[0].case,
            "per_s": _interval(dealt.over_launches(members, dealt.per_s)),
            "jain_producers": _interval(dealt.over_launches(members, lambda r: dealt.jain(r, "client"))),
            "jain_consumers": _interval(dealt.over_launches(members, dealt.jain)),
            "oversubscribed": members[0].raw.get("oversubscribed"),
        })  # fmt: skip
    return found


def _interval(interval: Interval | None) -> dict[str, Any] | None:
    if interval is None:
        return None
    return {"median": interval.value, "lo": interval.lo, "hi": interval.hi, "n": interval.n}
