#!/usr/bin/python3
"""What the literature claims, what was measured here, and the verdict: computed from a run's records alone.

A verdict is `holds`, `refuted`, `depends` (on what, with the values) or `not testable here` (why). How a claim is
read, and what would refute it, is the docstring of its rule; bounds are on 95 % intervals over launches.

    analysis/claims.py RUN_DIR [--json] [-o FILE]
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any

import claims_effects
import claims_flow
import claims_hybrid
import claims_kernel
import claims_load
import claims_memory
import claims_parts
import claims_speed
import command
import figure
import records
from claims_parts import Claim, Judged
from records import RecordsError, Run

CLAIMS = (
    Claim(1, "pipe ≈ 10,000 ns, message queue ≈ 12,000 ns, shared memory ≈ 100–200 ns an exchange",
          ("latency",), claims_speed.exchange),
    Claim(2, "pipe = FIFO = socket = 1, message queue 1.2 times, shared memory 10–100 times as fast",
          ("latency",), claims_speed.relative),
    Claim(3, "pipe, FIFO, socket: 2 copies, 2 calls; queue: 2 copies, 1–2 calls; shared memory: no copy, no call",
          ("system_calls",), claims_kernel.calls),
    Claim(4, "a pipe holds 64 KiB (or 4 KiB); writes up to 4 KiB are atomic; a full pipe blocks, a read wakes",
          ("window", "latency", "throughput"), claims_kernel.capacity),
    Claim(5, "a FIFO costs the same as a pipe, two one-way pipes about the same as one two-way channel",
          ("latency",), claims_speed.alike),
    Claim(6, "Unix sockets are faster than TCP over loopback and close to a pipe",
          ("latency",), claims_speed.sockets),
    Claim(7, "a System V message type acts as a priority, highest first",
          ("priority",), claims_flow.types),
    Claim(8, "asynchronous is more efficient than synchronous: throughput grows with the window",
          ("window",), claims_load.windows),
    Claim(9, "20 messages a batch: 0.9 µs a message by message passing, 0.35 µs by shared memory; the price is a wait of τ/2",
          ("batching",), claims_load.batches),
    Claim(10, "polling wastes CPU when messages are rare; a fixed interval adds half of itself to latency",
          ("timeout",), claims_load.polls),
    Claim(11, "hybrid: T = (a_s + b_q·d)/(b_q − b_s), queue below, shared memory above, never worse than the better part",
          ("crossover",), claims_hybrid.threshold),
    Claim(12, "a shared FIFO suffers head-of-line blocking by one slow consumer; credits for each restore the others",
          ("hol_blocking",), claims_flow.head_of_line),
    Claim(13, "without release/acquire the consumer can see the flag before the data; fences cost little",
          ("memory_order",), claims_memory.orders),
    Claim(14, "ABA: 50·10⁶ updates/s and a pause of 1 s need a counter of 26 bits; 64 bits never wrap",
          ("aba",), claims_memory.counters),
    Claim(15, "false sharing: state polled beside the producer's private word hurts; padding to 64 bytes cures it",
          ("false_sharing",), claims_effects.sharing),
    Claim(16, "shared memory maps at different addresses: raw pointers fail, offsets work, at a small cost",
          ("offset_pointers",), claims_memory.offsets),
    Claim(17, "remapping costs a TLB shootdown on all cores: throughput = (1 − share of time in shootdowns) / time a message",
          ("tlb_shootdown",), claims_effects.shootdowns),
    Claim(18, "a queue for each consumer is its own flow control; a slow consumer does not delay the others",
          ("hol_blocking",), claims_flow.own_queues),
    Claim(19, "message priority: urgent messages overtake",
          ("priority",), claims_flow.urgent),
    Claim(20, "goodput = rate × size × (1 − loss); delay = size / rate of transfer",
          ("throughput",), claims_load.goodput),
    Claim(21, "the kernel hands control over with the message: a hand-off is wake-up + switch",
          ("handoff",), claims_kernel.handover),
    Claim(22, "remapping turns two copies into one for large messages",
          ("remapping",), claims_memory.remapped),
    Claim(23, "the longer the timeout the later a dead peer is noticed, the shorter the more needless retries",
          ("timeout",), claims_flow.timeouts),
)  # fmt: skip
COLUMNS = ["claim", "claimed", "measured here [95 % interval]", "verdict"]
COUNTED = (  # one, several
    (claims_parts.HOLDS, "holds", "hold"),
    (claims_parts.REFUTED, "is refuted", "are refuted"),
    (claims_parts.DEPENDS, "depends", "depend"),
    (claims_parts.UNTESTABLE, "is not testable here", "are not testable here"),
)
WIDTH = 110


def judge(claim: Claim, run: Run) -> Judged:
    """A claim's verdict by its rule, once there are records that it can read."""
    if not any(run.of(name) for name in claim.experiments):
        names = " or ".join(claim.experiments)
        return claims_parts.untestable(f"no records of {names} in this run")
    if claim.rule is None:
        return claims_parts.untestable(f"no rule reads the records of {claim.experiments[0]}")
    try:
        return claim.rule(run)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # One bad record must not cost the other claims.
        return claims_parts.untestable(f"its records: {type(error).__name__}: {error}")


def rows(run: Run) -> list[dict[str, Any]]:
    """One entry of summary.json's `claims` for each claim, in their order."""
    found = []
    for claim in CLAIMS:
        judged = judge(claim, run)
        found.append({
            "claim": claim.number, "claimed": claim.claimed, "measured": judged.measured,
            "verdict": judged.verdict, "word": judged.word,
            "parts": [{"of": of, "measured": told, "word": word} for of, told, word in judged.parts],
        })  # fmt: skip
    return found


def counts(found: list[dict[str, Any]]) -> str:
    """`23 claims: 9 hold, 1 is refuted, 6 depend, 7 are not testable here`."""
    seen = Counter(row["word"] for row in found)
    said = [f"{seen[w]} {one if seen[w] == 1 else many}" for w, one, many in COUNTED]
    return f"{len(found)} claims: {', '.join(said)}"


def text(found: list[dict[str, Any]]) -> str:
    """The table for a terminal: a claim is three lines, or more where they are long."""
    lines = []
    for row in found:
        lines += _wrapped(f"{row['claim']:>3}  ", row["claimed"])
        lines += _wrapped("     measured  ", row["measured"] or "–")
        lines += [*_wrapped("     verdict   ", row["verdict"]), ""]
    return "\n".join([*lines, counts(found)])


def _wrapped(head: str, words: str) -> list[str]:
    return textwrap.wrap(words, WIDTH, initial_indent=head, subsequent_indent=" " * len(head))


def main(argv: list[str] | None = None) -> int:
    """Load, judge, print or save; 0, or 2 for what cannot be read or written."""
    parser = command.Parser(__doc__)
    parser.add_argument("run_dir", type=Path, help="a run folder")
    parser.add_argument("--json", action="store_true", help="for machines: summary.json's `claims`")
    parser.add_argument("-o", "--out", type=Path, metavar="FILE", help="default: stdout")
    given = parser.parse_args(argv)
    try:
        found = rows(records.load(given.run_dir))
        said = json.dumps(found, indent=1, ensure_ascii=False) if given.json else text(found)
        if given.out:
            given.out.write_text(said + "\n", encoding="utf-8")
        else:
            print(said)
    except (RecordsError, OSError) as error:
        print(f"claims.py: {figure.said(error)}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(command.ended(main))
