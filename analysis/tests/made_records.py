"""Small made-up records for the rules of the claims table: six launches of a case with the numbers that are asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import claims
from claims_parts import Judged
from histogram import Histogram
from records import Record, Run
from synthetic import BASE

LAUNCHES = 6
DEAL = {"pattern": "deal", "reply_bytes": 0, "producers": 1, "consumers": 3, "full": "block", "credits": 0,
        "pause_ns": 0}  # fmt: skip


def made(
    experiment: str, ns: float = 1000.0, launches: int = LAUNCHES, **given: Any
) -> list[Record]:
    """Records of one case, a block each; `values`, `roles`, `metric` and `histograms` are parts of the record, all else
    are axes. Each launch takes a little longer than the one before.
    """
    parts = {k: given.pop(k) for k in ("values", "roles", "metric", "histograms") if k in given}
    found = []
    for i in range(launches):
        here = ns * (1 + i / 1000)
        raw = {
            "schema": 1, "experiment": experiment, "block": i, "launch_id": f"b{i}", "launch_order": i,
            "status": "ok", "case": {**BASE, **given}, "metric": {"copies": 2}, "messages": 1000, "values": {},
            "windows": {"messages_each": 1, "ns_per_message": [here] * 3, "cpu_ns_per_message": here},
            "histograms": {}, "roles": [], "canary": None, **parts,
        }  # fmt: skip
        raw["histograms"] = {k: Histogram.of(v).encode() for k, v in raw["histograms"].items()}
        found.append(Record(raw, f"made:{experiment}:{i}"))
    return found


def judged(number: int, *several: list[Record]) -> Judged:
    """What the table says of a claim when these are all the records there are."""
    run = Run(Path("made"), {}, {}, [r for some in several for r in some], [])
    (claim,) = (c for c in claims.CLAIMS if c.number == number)
    return claims.judge(claim, run)


def trip(
    transport: str, ns: float, wait: str = "block", size: int = 64, **more: Any
) -> list[Record]:
    return made("latency", ns, transport=transport, wait=wait, message_bytes=size, **more)


def calls(
    transport: str, many: float, copies: int, wait: str = "block", **more: Any
) -> list[Record]:
    values = {"system_calls_per_message": many}
    return made(
        "system_calls",
        transport=transport,
        wait=wait,
        values=values,
        metric={"copies": copies},
        **more,
    )


def dealt(healthy: float, **axes: Any) -> list[Record]:
    """Two healthy consumers that got so many messages each, and a third."""
    roles = [{"role": "client", "messages": 0, "cpu_ns": 1e6}]
    roles += [{"role": "server", "messages": healthy, "cpu_ns": 1} for _ in range(2)]
    roles += [{"role": "server", "messages": 1, "cpu_ns": 1}]
    values = {"elapsed_ns": 1e8, "delivered": 2 * healthy + 1, "refused": 0, "dropped": 0}
    return made("hol_blocking", roles=roles, values=values, **{**DEAL, **axes})


def filled(capacity: float, cpu_share: float, **more: Any) -> list[Record]:
    """A pipe that was full: how many 64 B messages fitted, and how long its sender ran."""
    values = {"capacity_messages": capacity, "delivered": 5000, "refused": 0, "elapsed_ns": 1e8}
    roles = [{"role": "client", "messages": 0, "cpu_ns": cpu_share * 1e8}]
    return made(
        "window", values=values, roles=roles, buffer_bytes=0, **{**DEAL, "consumers": 1}, **more
    )


def overtook(precedence: str, place: float, transport: str = "sysv_mq") -> list[Record]:
    values = {"urgent_position": place, "fill_ns_per_message": 100.0, "drain_ns_per_message": 100.0}
    return made("priority", transport=transport, precedence=precedence, backlog=64, pattern="overtake",
                values=values, histograms={"urgent_ns": [100 * place] * 2000})  # fmt: skip


def batch(transport: str, ns: float, **more: Any) -> list[Record]:
    return made("batching", ns, transport=transport, pattern="pour", batch=20, **more)


def waited(ns: float, rate: float) -> list[Record]:
    """Poisson arrivals at a rate, batches of 1024 that a timer of 100 µs sends, and the mean wait."""
    times = {"wait_ns": [ns] * 500, "response_ns": [ns + 5000] * 2000}
    return made("batching", pattern="pace", schedule="poisson", rate_per_s=rate, batch=1024, flush_ns=100_000,
                histograms=times, metric={"quantity": "response_ns"})  # fmt: skip


def looked(added: float, cpu: float) -> list[Record]:
    """One receiver that waits, and one that looks every 100 µs: what that adds, and what each message costs it."""
    axes = {"pattern": "pace", "rate_per_s": 1000}
    waits = made(
        "timeout",
        10_000,
        poll_interval_ns=0,
        values={"receiver_cpu_ns_per_message": 5000.0},
        **axes,
    )
    values = {"receiver_cpu_ns_per_message": cpu, "looks": 10_000}
    looks = made("timeout", 10_000, poll_interval_ns=100_000, values=values, **axes)
    for record in looks:
        windows = record.raw["windows"]["ns_per_message"]
        record.raw["windows"]["ns_per_message"] = [w + added for w in windows]
    return waits + looks


def streamed(
    transport: str, ns: float, sent: int = 1000, lost: int = 0, goodput: float = 1.0
) -> list[Record]:
    """A stream of 64 B messages of which some were lost; `goodput` by the clock over what the formula says."""
    elapsed = ns * sent
    arrived = (sent - lost) * 64 / elapsed * 1e9
    values = {"sent": sent, "lost": lost, "elapsed_ns": elapsed, "bytes_per_s": arrived * goodput}
    return made("throughput", ns, transport=transport, pattern="pour", values=values)


def handed(
    transport: str, ns: float, placement: str = "same_core", switches: int = 2000
) -> list[Record]:
    roles = [
        {"role": r, "messages": 1000, "voluntary_switches": switches // 2}
        for r in ("client", "server")
    ]
    return made("handoff", 2 * ns, transport=transport, placement=placement, roles=roles)


def lost(timeout_ns: int, ns: float, by_error: bool = False) -> list[Record]:
    told = {"told_by_error": 1000 if by_error else 0, "false_alarms": 0}
    return made("timeout", ns, pattern="detect", peer="stopped", timeout_ns=timeout_ns, values=told)


def asked(timeout_ns: int | str, late: float) -> list[Record]:
    """A peer that thinks for 100 µs, asked with a timeout; some replies were only late."""
    values = {"late_share": late, "retries_per_request": late}
    return made("timeout", 100_000, pattern="retry", think_ns=100_000, timeout_ns=timeout_ns, values=values,
                histograms={"round_trip_ns": [100_000] * 500})  # fmt: skip


def packed(ns: float, distance: int) -> list[Record]:
    """A state so many bytes from the word that its producer writes for itself: the round trip."""
    return made("false_sharing", ns, structure="state", distance_bytes=distance, pace_ns=50, private_writes=16,
                wait="spin")  # fmt: skip


def struck(trigger: str, interrupts: float) -> list[Record]:
    """A process that spins while its peer remaps: interrupts of its CPU an operation."""
    values = {"tlb_per_operation": interrupts}
    return made("tlb_shootdown", trigger=trigger, victim="spin", values=values)


def window(transport: str, many: float) -> list[Record]:
    """1 µs a message with one out, and so many times as much with eight."""
    one = made("window", 1000, transport=transport, pattern="window", window=1)
    return one + made("window", 1000 / many, transport=transport, pattern="window", window=8)


def published(orders: str, times: float, structure: str = "state") -> list[Record]:
    """A hand-off with these orders that takes so many times as long as with relaxed ones beside it."""
    found = made("memory_order", 100 * times, structure=structure, publication=orders, wait="spin")
    return with_pairs(found, "relaxed_ns", 100)


def with_pairs(found: list[Record], baseline: str, ns: float) -> list[Record]:
    for record in found:
        told = record.raw["windows"]["ns_per_message"]
        record.raw["rounds"] = {"ns": told, baseline: [ns] * len(told)}
    return found


def litmus(weak: int, orders: str = "relaxed", test: str = "message_passing") -> list[Record]:
    values = {"rounds": 10**6, "weak": weak, "outcome_01": 1000, "outcome_11": 1000}
    return made(
        "memory_order",
        structure=test,
        publication=orders,
        rounds=10**6,
        values=values,
        wait="spin",
    )


def went_round(bits: int, advance: str, undetected: int, ns: float) -> list[Record]:
    """Ten pops that were stopped meanwhile, and how many did not notice; an update took so long."""
    values = {"trials": 10, "undetected": undetected, "corrupted": undetected, "updates": 1 << bits}
    return made("aba", ns, structure="stalled_pop", counter_bits=bits, advance=advance, values=values, wait="spin")  # fmt: skip


def followed(kind: str, right: int, more_ns: float = 0.0) -> list[Record]:
    """Ten children that follow a list elsewhere, and what a hop takes more than by raw pointer."""
    values = {"elsewhere_trials": 10, "elsewhere_right": right}
    found = made("offset_pointers", 2 + more_ns, pointers=kind, working_pages=1, values=values, wait="spin")  # fmt: skip
    return with_pairs(found, "raw_ns", 2)


def sent(transport: str, ns: float, access: str = "copy") -> list[Record]:
    return made("remapping", ns, transport=transport, pattern="ask", message_bytes=1 << 20, access=access, wait="spin")  # fmt: skip
