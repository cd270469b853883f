"""What is said of shootdowns before they are measured: interrupts delivered, and the throughput that remains."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import mean, median
from typing import Any

import numpy as np

import stats
import style
from records import Case, Record, by_launch, group, select

Row = dict[str, Any]
MISSING_TERM = (
    "what is missing in the model: the victim's own refill and the lines that the trigger displaced"
)

STREAMS_MISSING_TERM = "what is missing in the model: the refill of what the trigger displaced"
GIVES_PER_TURN = 4  # of a ring's slots, by its consumer


def expected(case: Case) -> tuple[float | None, float | None]:
    """Interrupts of the victims' CPUs an operation (x86), each having one of its own: TLB and CAL rows; None where nothing
    was promised.
    """
    trigger, thread, victims = case["trigger"], case["roles"] == "thread", case.get("consumers", 1)
    if case["victim"] == "asleep" or trigger in ("writeback", "collapse", "migration"):
        return None, None
    if trigger == "membarrier":
        return 0, victims
    if trigger == "own_mapping":  # of one address space: who runs no thread of it is not told
        return (victims, victims) if thread else (0, 0)
    if trigger == "punch_hole":
        return victims * case["mappings"], victims * case["mappings"]
    return 0, 0


def cost_fits(records: list[Record], ceiling: int) -> dict[str, Row]:
    """By trigger and peer, of the initiator's call up to the ceiling: `fixed_ns` + `page_ns` a page (least squares within each
    launch over its pages, medians over launches), and `victim_ns` for each further victim, where there are any.
    """
    found: dict[str, Row] = {}
    fits: dict[tuple, list[tuple[float, float]]] = {}
    few = [r for r in records if 0 < r.case["flush_pages"] <= ceiling]
    for (_, *key), mine in group(
        few, lambda r: (r.launch_id, r.case["trigger"], r.case["roles"], r.case["consumers"])
    ).items():
        xs, ys = [r.case["flush_pages"] for r in mine], [r.percentile(50, "trigger_ns")[0] for r in mine]  # fmt: skip
        if len(set(xs)) > 2:
            page, fixed = np.polyfit(xs, ys, 1)
            fits.setdefault(tuple(key), []).append((float(fixed), float(page)))
    for (trigger, roles, victims), lines in sorted(fits.items()):
        fixed, page = (stats.median_interval([line[i] for line in lines]) for i in (0, 1))
        one = found.setdefault(f"{trigger}, {roles}", {})
        if victims == 1:
            one |= {"fixed_ns": fixed.value, "page_ns": page.value, "page_lo": page.lo, "page_hi": page.hi}  # fmt: skip
        elif "fixed_ns" in one:
            one["victim_ns"] = (fixed.value - one["fixed_ns"]) / (victims - 1)
    return {line: fit for line, fit in found.items() if fit}


def cost_words(fit: Row) -> str:
    """`13.2 µs + 0.84 µs a page [0.8, 0.9] + 2.1 µs a further victim`."""
    sure = f" [{style.time_label(fit['page_lo'])}, {style.time_label(fit['page_hi'])}]" if fit["page_lo"] else ""  # fmt: skip
    more = f" + {style.time_label(fit['victim_ns'])} a further victim" if "victim_ns" in fit else ""
    return f"{style.time_label(fit['fixed_ns'])} + {style.time_label(fit['page_ns'])} a page{sure}{more}"


def traffic_rows(records: list[Record]) -> list[Row]:
    """One case of round trips a row: predicted and measured share of the throughput, their difference, with intervals over
    launches.
    """
    axes = ("trigger", "roles", "flush_pages", "trigger_rate_per_s", "transport")
    rows = []
    for _, members in _cases(records, "ping", axes):
        case = members[0].case
        row = {"line": _line(case), "transport": case["transport"], "rate_per_s": case["trigger_rate_per_s"],
               "events_per_s": median(median(r.raw["rounds"]["events_per_s"]) for r in members)}  # fmt: skip
        rows.append(row | _beside(members, predicted, measured))
    return rows


def stream_rows(records: list[Record]) -> list[Row]:
    """One case of a stream a row: what a trigger takes from it [ns], predicted and measured, and their difference."""
    axes = ("trigger", "roles", "flush_pages", "trigger_rate_per_s", "transport", "bottleneck", "depth")  # fmt: skip
    rows = []
    for _, members in _cases(records, "pour", axes):
        case = members[0].case
        row = {"line": _line(case), "transport": case["transport"], "rate_per_s": case["trigger_rate_per_s"],
               "bottleneck": case["bottleneck"], "depth": case["depth"],
               "message_ns": median(median(r.raw["rounds"]["solo_ns"]) for r in members)}  # fmt: skip
        rows.append(row | _beside(members, stream_loss, measured_loss))
    return rows


def _cases(records: list[Record], pattern: str, axes: tuple[str, ...]) -> list[Any]:
    struck = [
        r
        for r in select(records, victim="traffic", pattern=pattern)
        if r.case["trigger"] != "none" and r.raw.get("rounds")
    ]
    return sorted(group(struck, lambda r: tuple(r.case[n] for n in axes)).items(), key=str)


def _line(case: Case) -> str:
    pages = f", {case['flush_pages']} pages" if case["flush_pages"] else ""
    return f"{case['trigger']}, {case['roles']}{pages}"


def _beside(
    members: list[Record],
    said: Callable[[Record], float],
    seen: Callable[[Record], float],
) -> Row:
    row: Row = {}
    values = {"predicted": said, "measured": seen, "residual": lambda r: seen(r) - said(r)}
    for name, value in values.items():
        at = stats.median_interval(by_launch(members, value) or [math.nan])
        row |= {name: at.value, f"{name}_lo": at.lo, f"{name}_hi": at.hi}
    return row | {"launches": len(members)}


def predicted(record: Record) -> float:
    """1 - f of the time with triggers: f the share that they take, from triggers by themselves and a message alone.

    The mean of a trigger, not its median: it is the sum of all that traffic waits for.
    """
    alone = record.histogram("trigger_ns")
    if alone is None or not alone.count:
        return math.nan
    lost = mean(record.raw["rounds"]["events_per_message"]) * alone.total / alone.count
    message = median(record.raw["rounds"]["solo_ns"])
    return message / (message + lost)


def measured(record: Record) -> float:
    """Throughput with triggers over that without, windows next to each other."""
    rounds = record.raw["rounds"]
    return float(median(b / a for a, b in zip(rounds["ns"], rounds["solo_ns"])))


def stream_loss(record: Record) -> float:
    """ns a trigger takes from a stream: what holds up its slower end, or what the other is held up for beyond the messages
    that lie between them, max(S_slower, S_other - n t, 0).

    The producer is the initiator, S its call; the consumer the victim, S its stall. Both are distributions, taken
    percentile by percentile: the victim that takes longer to answer holds the initiator up for longer.
    """
    call, stall = record.histogram("trigger_ns"), record.histogram("stall_ns")
    if call is None or stall is None or not call.count or not stall.count:
        return math.nan
    at = np.arange(0.5, 100, 1)
    ends = [call.percentile(at), stall.percentile(at)]
    slower, other = ends if record.case["bottleneck"] == "producer" else ends[::-1]
    between = _lie_between(record) * median(record.raw["rounds"]["solo_ns"])
    return float(np.mean(np.maximum(np.maximum(slower, other - between), 0)))


def _lie_between(record: Record) -> int:
    """n, what the slower end has before it, or room for: the depth. A full ring's producer hears of room a quarter of a turn
    at a time (transports/ring.hpp); a trigger that fell due while it waited falls after the first message of those.
    """
    depth = record.case["depth"]
    ring = record.raw.get("transport_family") == "shared_memory"
    full = record.case["bottleneck"] == "consumer"
    return depth - max(depth // GIVES_PER_TURN, 1) + 1 if ring and full else depth


def measured_loss(record: Record) -> float:
    """ns more that a window with triggers took than the one beside it without, for each trigger."""
    rounds = record.raw["rounds"]
    windows = zip(rounds["ns"], rounds["solo_ns"], rounds["events_per_message"])
    return float(median([(a - b) / events for a, b, events in windows if events] or [math.nan]))
