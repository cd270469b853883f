"""Claims about shared memory: 13 (memory orders), 14 (ABA), 16 (addresses) and 22 (copies saved by remapping)."""

from __future__ import annotations

import math

import aba_values
import claims_parts as parts
import litmus
import paired_values as paired
import remapping_values
from claims_parts import ABOUT, SAME, UNCLEAR, UNMEASURED, Judged, Part
from records import Run, group, select

FENCED = ("release_acquire", "seq_cst", "fences")
SURELY, HARDLY = 0.95, 0.05  # shares that are read as always and never
HOP_NS = 1.0  # a small cost
NEVER_YEARS = 100.0
REMAPPERS = ("memfd_fresh", "vmsplice", "vmsplice_gift")
CLAIMED_PER_S, CLAIMED_PAUSE_S, CLAIMED_BITS = 50e6, 1.0, 26


def orders(run: Run) -> Judged:
    """Claim 13, read as: with relaxed orders message passing shows the flag without the data in some round; and release
    and acquire, seq_cst and fences take at most a quarter more than relaxed, a round trip and an item of a ring. On a
    machine that cannot show the first, only the second is judged.
    """
    found: list[Part] = []
    handoffs = [r for r in run.of("memory_order") if r.case.get("publication") in FENCED]
    for (structure, using, size), mine in group(
        [r for r in handoffs if r.case["structure"] in ("state", "indices")],
        lambda r: (r.case["structure"], r.case["publication"], r.message_bytes),
    ).items():
        of = parts.over_launches(run, mine, paired.times("relaxed_ns"))
        at = {"part": f"{using} in a {'round trip' if structure == 'state' else 'ring'}", "size": f"{size} B"}  # fmt: skip
        if of is not None:
            found.append(parts.part(at, of, parts.times, -math.inf, SAME))
    for one in litmus.seen(run):
        if (one.test, one.orders) != ("message_passing", "relaxed") or one.at is None:
            continue
        said = f"flag before data, {litmus.words(run, one)}"
        if not litmus.shows(run, one.test):
            found.append(Part({"part": said}, "not measured", UNMEASURED))
        elif one.weak:
            found.append(parts.part({"part": said}, one.at, _share, 1e-15, 1))
        else:
            found.append(Part({"part": said}, f"below {one.below:.2g}", UNCLEAR, one.at.n))
    return parts.judge(found, "no order was measured beside relaxed")


def counters(run: Run) -> Judged:
    """Claim 14, read as: a counter of k bits is deceived by exactly 2^k updates, and by one less or one more it is not;
    here, too, 26 bits outlast a pause of 1 s; and 64 bits last a hundred years. The claim's own figures are arithmetic,
    which is said beside.
    """
    found: list[Part] = []
    for trial in (t for t in aba_values.trials(run) if t.bits):
        round_ = trial.advance == "exact"
        of = parts.over_launches(run, trial.records, paired.share("undetected", "trials"))
        at = {"part": "deceived", "by": trial.advance.replace("_", " "), "bits": f"{trial.bits} bits"}  # fmt: skip
        if of is not None:
            found.append(parts.part(at, of, _share, *((SURELY, 1) if round_ else (0, HARDLY))))
    rates = aba_values.rate_records(run)
    bits = parts.over_launches(run, rates, lambda r: math.log2(aba_values.per_s(r) * CLAIMED_PAUSE_S))  # fmt: skip
    years = parts.over_launches(run, rates, lambda r: aba_values.years_to_wrap(aba_values.per_s(r), 64))  # fmt: skip
    if bits is not None and years is not None:
        at = {"part": f"{CLAIMED_BITS} bits at the rate here, a pause of 1 s taking"}
        found.append(parts.part(at, bits, lambda v: f"{v:.2f} bits", -math.inf, CLAIMED_BITS))
        lasts = {"part": "64 bits, lasting (derived)"}
        found.append(parts.part(lasts, years, lambda v: f"{v:,.0f} years", NEVER_YEARS, math.inf))
    needed = aba_values.bits_needed(CLAIMED_PER_S, CLAIMED_PAUSE_S)
    return parts.judge(found, "no counter went round", f"by arithmetic 50·10⁶/s for 1 s need {needed} bits")  # fmt: skip


def offsets(run: Run) -> Judged:
    """Claim 16, read as: whoever follows raw pointers in a mapping at another address does not arrive, whoever follows
    offsets does, and a hop by offset takes at most 1 ns more than by raw pointer.
    """
    found: list[Part] = []
    records = [r for r in run.of("offset_pointers") if r.case.get("pointers")]
    for kind, mine in group(records, lambda r: r.case["pointers"]).items():
        raw = kind == "raw"
        of = parts.over_launches(run, mine, paired.share("elsewhere_right", "elsewhere_trials"))
        at = {"part": "arrive elsewhere", "pointers": kind}
        if of is not None:
            found.append(parts.part(at, of, _share, *((0, HARDLY) if raw else (SURELY, 1))))
        for pages, some in group(mine, lambda r: r.case["working_pages"]).items():
            more = parts.over_launches(run, some, paired.more_ns("raw_ns"))
            at = {"part": "a hop more", "pointers": kind, "pages": f"{pages} pages"}
            if more is not None and not raw:
                found.append(parts.part(at, more, lambda v: f"{v:.2f} ns", -math.inf, HOP_NS))
    return parts.judge(found, "no list was followed")


def remapped(run: Run) -> Judged:
    """Claim 22, read as: a message of 64 KiB or more through a mechanism that hands over pages takes about half of a
    pipe's time (at most three quarters), both ends touching as much of it. Mechanisms that copy once from process to
    process are told beside it: they save the same copy without remapping.
    """
    found: list[Part] = []
    beside: list[str] = []
    records = [r for r in run.of("remapping") if r.message_bytes >= remapping_values.LARGE_BYTES]
    key = lambda r: (r.transport, r.case["access"], r.case["touch"], r.message_bytes)  # noqa: E731
    for (transport, access, touch, size), mine in group(records, key).items():
        pipes = select(records, transport=remapping_values.TWO_COPIES, touch=touch, message_bytes=size)  # fmt: skip
        of = parts.ratio(run, mine, pipes, lambda r: r.p50_ns)
        if of is None:
            continue
        at = {"mechanism": transport, "access": access, "touch": f"touch {touch}", "size": f"{size >> 10} KiB"}  # fmt: skip
        if transport in REMAPPERS and (access == "in_place" or transport == "memfd_fresh"):
            found.append(parts.part(at, of, parts.times, -math.inf, ABOUT / 2))
        elif transport.startswith("process_vm"):
            beside.append(f"{transport} {at['size']} {touch} {parts.shown(of, parts.times)}")
    return parts.judge(found, "no mechanism that hands over pages was measured beside a pipe", ", ".join(beside))  # fmt: skip


def _share(value: float) -> str:
    return f"{value:.3g}"
