"""Claims about messages that come together or under load: 8 (windows), 9 (batches), 10 (polling), 20 (goodput)."""

from __future__ import annotations

import math

import batch_model
import claims_parts as parts
import families
import flow_rows
import style
from batch_model import Setting
from claims_parts import UNMEASURED, Judged, Part
from claims_speed import PIPE, RING, TCP, UNIX, plain, trips, where
from polling_model import Polled, polled
from records import Record, Run, cases, group
from series import Levels
from stats import Interval

BATCH, BATCH_FROM, BATCH_TO = 20, 16, 32  # messages a synchronisation
BY_MESSAGE, BY_MEMORY = 900.0, 350.0  # ns a message of such a batch
# Messages that come during a timeout τ: fewer than 0.3, up to 5, more.
MANY, ALONE = 5.0, 0.3
COMPANY = ("few in τ", "some in τ", "many in τ")
NEITHER = (families.FLOOR, families.HYBRID)  # neither message passing nor shared memory alone
DELAYED = (PIPE, TCP, "udp", UNIX[0], RING)
COUNTED = 1.02  # two counts of the same messages agree within this
CHANNEL = ("wait", "placement", "depth", "buffer_bytes", "address", "message_bytes")


def windows(run: Run) -> Judged:
    """Claim 8, read as: with more than one message out a channel carries more than with one, by over 5 %, paired
    within launches at its best window. Refuted where no window gains that much on any channel.
    """
    found = []
    for row in flow_rows.window(run):
        gain, case = row["gain"], row["case"]
        if gain is not None:
            at = {
                "mechanism": case["transport"],
                **{n: case[n] for n in CHANNEL if case.get(n, 0) not in (0, "none")},
            }
            of = Interval(gain["median"], gain["lo"], gain["hi"], None, gain["n"])
            one = parts.part(at, of, parts.times, parts.WORTH, math.inf)
            found.append(Part(at, f"{one.told} at window {row['window_best']}", one.word, of.n))
    return parts.judge(found, "no channel was measured both with window 1 and with more")


def batches(run: Run) -> Judged:
    """Claim 9, read as: in a batch of about 20 (16 to 32) a message costs 0.9 µs by message passing through the kernel
    and 0.35 µs by the shared ring, each within a factor of 1.5; and where the timer sends the batches (not their last
    message), messages wait τ/2 on average, within a quarter. Refuted by intervals that all lie outside.
    """
    found = _costs(run) + _waits(run)
    found += parts.lacking(found, "kind", ("message passing", "shared memory", "the wait"))
    return parts.judge(found, f"no batches of {BATCH_FROM} to {BATCH_TO} messages, and no timer")


def _costs(run: Run) -> list[Part]:
    poured = [
        r for r in run.of("batching", pattern="pour") if _about_twenty(r) and plain_but_batch(r)
    ]
    found = []
    for at, members in group(poured, lambda r: (r.transport, r.case["wait"], where(r))).items():
        family = families.family(members[0])
        if family in NEITHER or (family == families.SHARED and at[0] != RING):
            continue
        of = parts.over_launches(run, members, lambda r: r.p50_ns)
        if of:
            shared = family == families.SHARED
            wanted, kind = (
                (BY_MEMORY, "shared memory") if shared else (BY_MESSAGE, "message passing")
            )
            facets = {
                "kind": kind,
                "part": f"B {_batch(members)}",
                "mechanism": at[0],
                "wait": at[1],
            }
            found.append(parts.about(facets, of, style.time_label, wanted, wanted))
    return found


def plain_but_batch(record: Record) -> bool:
    return plain(record, besides=("batch",))


def _about_twenty(record: Record) -> bool:
    return BATCH_FROM <= record.case["batch"] <= BATCH_TO


def _batch(members: list[Record]) -> str:
    return "/".join(f"{b:g}" for b in sorted({r.case["batch"] for r in members}))


def _waits(run: Run) -> list[Part]:
    """The wait over τ/2 by how much company a message has: one part for all settings alike in that."""
    timed = [s for s in batch_model.settings(run, Levels.of(run))[0] if s.batch > 1 and s.poisson]
    timed = [s for s in timed if 0 < s.flush_ns < math.inf and batch_model.regime(s) == "timer"]
    found = []
    for company in COMPANY:
        mine = [_over_half(s) for s in timed if company == _company(s)]
        if mine:
            at = {"kind": "the wait", "part": "over τ/2", "company": company}
            args = (parts.spanning(mine), parts.times, 1 / parts.SAME, parts.SAME)
            found.append(parts.part(at, *args))
    return found


def _company(one: Setting) -> str:
    due = one.rate_per_s * one.flush_ns * 1e-9
    return COMPANY[0] if due < ALONE else COMPANY[2] if due > MANY else COMPANY[1]


def _over_half(one: Setting) -> Interval:
    return _scaled(one.wait, one.flush_ns / 2)


def _scaled(of: Interval, by: float) -> Interval:
    lo, hi = (None if v is None else v / by for v in (of.lo, of.hi))
    return Interval(of.value / by, lo, hi, of.coverage, of.n)


def polls(run: Run) -> Judged:
    """Claim 10, read as: a receiver that looks every I adds I/2 to the median response, within a quarter, against one
    that waits; and at the lowest rate measured it spends more CPU time a message than that one, where it looks more
    than once a message. Refuted where the added time lies elsewhere at every I and looking costs nothing.
    """
    found: list[Part] = []
    ran = polled(run, Levels.of(run))
    for (name, wait, interval), mine in _alike(ran).items():
        at = {
            "part": "added / (I/2)",
            "mechanism": name,
            "wait": wait,
            "I": style.time_label(interval),
        }
        of = parts.spanning(_scaled(p.added_ns, interval / 2) for p in mine)
        found.append(parts.part(at, of, parts.times, 1 / parts.SAME, parts.SAME))
    rare = min((p.rate_per_s for p in ran), default=0)
    for p in ran:
        if p.rate_per_s == rare and p.looks_per_message > 1 and p.waiting_cpu_ns > 0:
            at = {"part": f"CPU over waiting at {style.rate_label(rare, '/s')}", "mechanism": p.transport,
                  "wait": p.wait, "I": style.time_label(p.interval_ns)}  # fmt: skip
            of = _scaled(p.cpu_ns, p.waiting_cpu_ns)
            found.append(parts.part(at, of, parts.times, 1.0, math.inf))
    return parts.judge(found, "no receiver looked at intervals beside one that waits")


def _alike(ran: list[Polled]) -> dict[tuple[str, str, float], list[Polled]]:
    """All rates and timer slacks of an interval together."""
    found: dict[tuple[str, str, float], list[Polled]] = {}
    for p in ran:
        found.setdefault((p.transport, p.wait, p.interval_ns), []).append(p)
    return found


def goodput(run: Run) -> Judged:
    """Claim 20, read as: what arrives a second where messages are lost is rate x size x (1 - loss), within 2 % (sent
    and lost are counted at the sending end, goodput by the receiver's clock); and half a round trip takes size over
    the rate of streaming, within a quarter. Refuted by ratios that all lie outside.
    """
    found = _lossy(run) + _delays(run)
    return parts.judge(
        found, "no messages were counted as sent and lost, and no stream beside a round trip"
    )


def _lossy(run: Run) -> list[Part]:
    counted = [r for r in run.of("throughput", pattern="pour") if r.values.get("sent")]
    found, lost = [], 0.0
    for members in cases(counted).values():
        of = parts.over_launches(run, members, _over_formula)
        lost += sum(r.values.get("lost", 0) for r in members)
        if of:
            case = members[0].case
            size = f"{style.bytes_label(case['message_bytes'])} B"
            at = {"part": "goodput / formula", "mechanism": case["transport"], "wait": case["wait"],
                  "batch": case["batch"], "size": size}  # fmt: skip
            found.append(parts.part(at, of, parts.times, 1 / COUNTED, COUNTED))
    if not lost:
        why = "no message was lost" if counted else "not measured"
        found.append(Part({"part": "goodput with loss"}, why, UNMEASURED))
    return found


def _over_formula(record: Record) -> float:
    values = record.values
    sent, elapsed, told = (values.get(n) or math.nan for n in ("sent", "elapsed_ns", "bytes_per_s"))
    loss = values.get("lost", 0) / sent
    formula = sent / elapsed * 1e9 * record.message_bytes * (1 - loss)
    return told / formula if formula > 0 else math.nan


def _delays(run: Run) -> list[Part]:
    """Half a round trip over the time a message takes in a stream, at the smallest and the largest size both were asked."""
    poured = [r for r in run.of("throughput", pattern="pour") if plain(r)]
    streams = group(poured, lambda r: (r.transport, r.case["wait"], where(r), r.message_bytes))
    both = {k: (rs, streams[k]) for k, rs in trips(run).items() if k in streams and k[0] in DELAYED}
    found = []
    for cell in dict.fromkeys(k[:3] for k in both):
        sizes = [k[3] for k in both if k[:3] == cell]
        for size in sorted({min(sizes), max(sizes)}):
            of = parts.ratio(run, *both[(*cell, size)], lambda r: r.p50_ns / 2, lambda r: r.p50_ns)
            if of:
                at = {"part": "delay / (size/rate)", "mechanism": cell[0], "wait": cell[1],
                      "size": f"{style.bytes_label(size)} B"}  # fmt: skip
                found.append(parts.part(at, of, parts.times, 1 / parts.SAME, parts.SAME))
    return found
