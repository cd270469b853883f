"""Claims about what the kernel does with a message: 3 (calls and copies), 4 (a pipe's capacity), 21 (handing control over)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import claims_parts as parts
import dealt
import families
import handoff_rows
import style
from claims_parts import FEW, HOLDS, REFUTED, UNMEASURED, Judged, Part
from claims_speed import FIFO, PIPE, QUEUES, TCP, UNIX
from handoff_rows import CLOSE, SAME, Handoff
from records import Record, Run, group
from stats import Interval

# Calls a message of both ends at least and at most, and payload copies.
KERNEL = {
    **{name: (2, 2, 2) for name in (PIPE, FIFO, TCP, *UNIX)},
    **{q: (1, 2, 2) for q in QUEUES},
}
SHARED = (0, 0, 0)
# Counts that differ by less are the same: a call at the edge of the step that is followed.
COUNTED = 0.05
BLOCKS = "a full pipe blocks, reads wake: the writer's CPU"
CAPACITIES = (4096, 65536)
ASLEEP = 0.5  # of its time that a sender spends running at most, if a full pipe puts it to sleep


def calls(run: Run) -> Judged:
    """Claim 3, read as: calls that both ends make for a message one way, counted, and payload copies as declared: pipes
    and sockets 2 and 2, message queues 1 to 2 and 2, shared memory none and none. Kernel mechanisms only where both ends
    block: how often others look in vain is the wait's doing. Refuted where every mechanism calls or copies otherwise.
    """
    found = []
    for (name, wait, access, pattern), members in group(_counted(run), _kind).items():
        shared = families.family(members[0]) == families.SHARED
        if not shared and (wait != "block" or name not in KERNEL):
            continue
        least, most, copies = SHARED if shared else KERNEL[name]
        smallest = min(r.message_bytes for r in members)
        mine = [r for r in members if r.message_bytes == smallest]
        of = parts.over_launches(run, mine, lambda r: r.values["system_calls_per_message"])
        if of:
            at = {"mechanism": name, "wait": wait, "access": access, "pattern": pattern}
            found.append(_calls(at, of, mine, (least, most, copies)))
    if all(families.family(r) != families.SHARED for r in _counted(run)):
        found.append(Part({"mechanism": "shared memory"}, "not measured", UNMEASURED))
    return parts.judge(found, "no counts of blocking ends or of shared memory")


def _counted(run: Run) -> list[Record]:
    counted = run.of("system_calls", path="raw")
    return [r for r in counted if "system_calls_per_message" in r.values]


def _kind(record: Record) -> tuple[Any, ...]:
    return (record.transport, *(record.case.get(n) for n in ("wait", "access", "pattern")))


def _calls(
    at: dict[str, Any], of: Interval, members: list[Record], bounds: tuple[int, int, int]
) -> Part:
    least, most, allowed = bounds
    copies = members[0].metric.get("copies")
    word = parts.within(of, least - COUNTED, most + COUNTED)
    word = REFUTED if word == HOLDS and copies != allowed else word
    told = f"calls {parts.shown(of, lambda v: f'{v:.3g}')}, copies {copies}"
    return Part(at, told, word, of.n)


def capacity(run: Run) -> Judged:
    """Claim 4, read as: a pipe whose size nobody set takes 64 KiB (or 4 KiB) within a quarter until it is full (filled,
    or else by the kernel's own word), and the writer of a full one sleeps: it runs less than half of the time while a
    slow reader's reads let it go on. Refuted by another capacity and a writer that keeps running. Whether writes of up
    to 4 KiB are atomic is not measured.
    """
    full = run.of("window", pattern="deal", transport=PIPE, full="block")
    filled = [r for r in full if not r.case.get("buffer_bytes") and "capacity_messages" in r.values]
    asked = [
        r for r in run.records if r.ok and r.transport == PIPE and r.case.get("buffer_bytes") == 0
    ]
    told = [r for r in asked if "buffer_bytes_got" in r.values]
    found = _capacity(run, filled, "filled", _fitted) or _capacity(
        run, told, "by F_GETPIPE_SZ", _got
    )
    slow = [r for r in full if r.values.get("delivered", 0) > 0 and not r.values.get("refused")]
    of = parts.over_launches(run, slow, dealt.sender_cpu_share)
    if of:
        at = {"part": BLOCKS}
        found.append(parts.part(at, of, lambda v: f"{v:.2%}", 0, ASLEEP))
    found += parts.lacking(found, "part", (BLOCKS, "atomicity of writes up to 4 KiB"))
    return parts.judge(found, f"no {PIPE} of default size was filled")


def _capacity(
    run: Run, members: list[Record], how: str, value: Callable[[Record], float]
) -> list[Part]:
    of = parts.over_launches(run, members, value)
    if of is None or not of.value > 0:
        return []
    near = min(CAPACITIES, key=lambda c: abs(math.log(of.value / c)))
    bounds = (near / parts.SAME, near * parts.SAME)
    return [
        parts.part({"part": f"capacity, {how}"}, of, lambda v: f"{style.about_bytes(v)} B", *bounds)
    ]


def _fitted(record: Record) -> float:
    return record.values["capacity_messages"] * record.message_bytes


def _got(record: Record) -> float:
    return record.values["buffer_bytes_got"]


def handover(run: Run) -> Judged:
    """Claim 21, read as: each message between two blocking ends on one CPU comes with a switch (0.9 or more are
    counted), and a hand-off takes what a wake-up, a switch and the mechanism's own work predict, within a quarter
    (handoff_rows.model). Refuted where nothing switches, or nothing is as predicted.
    """
    found = handoff_rows.handoffs(run)
    same = [h for h in found if h.placement == SAME and h.wait == "block"]
    apart = [h for h in found if h.placement != SAME and h.wait == "block"]
    across = ", ".join(f"{h.transport} {h.idle} {_ns(h)}" for h in apart[: parts.NAMED])
    besides = f"across CPUs: {across}" if across else ""
    told = [_handed(h, handoff_rows.model(h, found)["residual"]) for h in same]
    return parts.judge(told, "no blocking ends on one CPU", besides)


def _handed(one: Handoff, residual: Any) -> Part:
    as_predicted = not isinstance(residual, float) or abs(residual) <= CLOSE
    word = FEW if one.ns.lo is None else HOLDS if one.asleep and as_predicted else REFUTED
    model = f", {residual:+.0%} off its parts" if isinstance(residual, float) else ""
    told = f"{_ns(one)}, switches a message {one.switches:.2g}{model}"
    return Part({"mechanism": one.transport, "idle": one.idle}, told, word, one.ns.n)


def _ns(one: Handoff) -> str:
    return parts.shown(one.ns, style.time_label)
