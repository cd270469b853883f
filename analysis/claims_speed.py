"""Claims about how long an exchange takes: 1, 2, 5, 6. An exchange is a round trip of equal messages (`latency`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import claims_parts as parts
import style
from claims_parts import Judged, Part
from records import Record, Run, group

PIPE, FIFO, TCP, RING, TWO_WAY = "pipe", "fifo", "tcp", "shm_ring", "unix_stream"
QUEUES = ("posix_mq", "sysv_mq")
UNIX = ("unix_stream", "unix_seqpacket", "unix_dgram")
SMALL, LARGE = 64, 65536  # bytes; a run's nearest sizes stand for them
NEAR = 4  # times as large or as small at most
WHERE = ("placement", "idle", "touch")
# A mechanism as it is found, before anybody turns a knob; several values where the neutral one differs by mechanism.
PLAIN: dict[str, tuple[Any, ...]] = {
    "address": ("none", "pair"), "nodelay": ("none", "on"), "access": ("copy",), "backing": ("none", "memfd"),
    "batch": (1,), "buffer_bytes": (0,), "bystanders": (0,), "delay_ns": (0,), "depth": (0,), "injectors": (0,),
    "path": ("raw",), "policy": ("other",), "roles": ("process",), "spin_budget_ns": (0,), "stall_ns": (0,),
    "page_bytes": (0, 4096, 16384, 65536), "timeout_ns": ("inf",),
}  # fmt: skip
NONE = "no plain round trips of"


def plain(record: Record, besides: tuple[str, ...] = ()) -> bool:
    """Whether every axis of PLAIN, but for those `besides`, is at a value of its own."""
    axes = {axis: values for axis, values in PLAIN.items() if axis not in besides}
    return all(record.case.get(axis, values[0]) in values for axis, values in axes.items())


def trips(run: Run) -> dict[tuple[str, str, tuple[str, ...], int], list[Record]]:
    """Plain round trips by transport, wait, where and size; sought once, a dozen claims ask."""
    if "plain_trips" not in run.memo:
        found = [r for r in run.of("latency", pattern="ping") if plain(r)]
        key = lambda r: (r.transport, r.case["wait"], where(r), r.message_bytes)  # noqa: E731
        run.memo["plain_trips"] = group(found, key)
    return run.memo["plain_trips"]


def where(record: Record) -> tuple[str, ...]:
    return tuple(str(record.case.get(name)) for name in WHERE)


def nearest(sizes: set[int], wanted: int) -> int | None:
    """The size that stands for `wanted`, None where the nearest is too far."""
    near = [s for s in sizes if wanted / NEAR <= s <= wanted * NEAR]
    return min(near, key=lambda s: (abs(s - wanted), s), default=None)


def facets(transport: str, wait: str, place: tuple[str, ...]) -> dict[str, Any]:
    return {"mechanism": transport, "wait": wait, **dict(zip(WHERE, place))}


def exchange(run: Run) -> Judged:
    """Claim 1, read as: a round trip of about 64 B takes 10 µs by pipe, 12 µs by message queue, 100 to 200 ns by the
    shared ring, each within a factor of 1.5, under every wait policy and idle state measured. Refuted by a median whose
    interval lies outside of that everywhere; where some lie inside, it depends on what they differ in.
    """
    claimed = {PIPE: (10_000, 10_000), RING: (100, 200), **{q: (12_000, 12_000) for q in QUEUES}}
    cells, found = trips(run), []
    for transport, wait, place in dict.fromkeys(k[:3] for k in cells if k[0] in claimed):
        size = nearest({k[3] for k in cells if k[:3] == (transport, wait, place)}, SMALL)
        if size is None:
            continue
        records = cells[transport, wait, place, size]
        interval = parts.over_launches(run, records, lambda r: r.p50_ns)
        if interval:
            at = facets(transport, wait, place)
            found.append(parts.about(at, interval, style.time_label, *claimed[transport]))
    found += parts.lacking(found, "mechanism", claimed)
    return parts.judge(found, f"{NONE} {PIPE}, {', '.join(QUEUES)} or {RING} at about {SMALL} B")


def ratios(
    run: Run, above: str, below: str, sizes: tuple[int, ...], same_wait: bool = True
) -> Iterator[tuple[dict[str, Any], Any]]:
    """Facets and `above` over `below` at each setting and size that both were measured at, paired by block."""
    cells = trips(run)
    for key in dict.fromkeys(k[:3] for k in cells if k[0] == above):
        for other in dict.fromkeys(k[:3] for k in cells if k[0] == below and k[2] == key[2]):
            if same_wait and other[1] != key[1]:
                continue
            common = {k[3] for k in cells if k[:3] == key} & {k[3] for k in cells if k[:3] == other}
            for size in dict.fromkeys(s for w in sizes if (s := nearest(common, w)) is not None):
                args = (run, cells[(*key, size)], cells[(*other, size)], lambda r: r.p50_ns)
                found = parts.ratio(*args)
                if found:
                    wait = key[1] if same_wait else f"{key[1]} against {other[1]}"
                    yield {
                        **facets(above, wait, key[2]),
                        "size": f"{style.bytes_label(size)} B",
                    }, found


def relative(run: Run) -> Judged:
    """Claim 2, read as: at about 64 B and the same wait, FIFO and Unix stream socket take as long as a pipe and message
    queues 1.2 times as long, each within a quarter; a pipe that blocks takes 10 to 100 times as long as the shared
    ring, whichever way that waits. Refuted by ratios that all lie outside.
    """
    found: list[Part] = []
    for names, factor in (((FIFO, TWO_WAY), 1.0), (QUEUES, 1.2)):
        for name in names:
            for at, of in ratios(run, name, PIPE, (SMALL,)):
                at["mechanism"] = f"{name} / {PIPE}"
                bounds = (factor / parts.SAME, factor * parts.SAME)
                found.append(parts.part(at, of, parts.times, *bounds))
    for at, of in ratios(run, PIPE, RING, (SMALL,), same_wait=False):
        if at["wait"].startswith("block"):
            at["mechanism"] = f"{PIPE} / {RING}"
            found.append(parts.part(at, of, parts.times, 10, 100))
    wanted = [*(f"{name} / {PIPE}" for name in (FIFO, TWO_WAY, *QUEUES)), f"{PIPE} / {RING}"]
    found += parts.lacking(found, "mechanism", wanted)
    return parts.judge(found, f"{NONE} {PIPE} beside another mechanism in the same blocks")


def alike(run: Run) -> Judged:
    """Claim 5, read as: the round trip by FIFO over that by pipe is 1 within a quarter; so is that by two one-way
    pipes over that by one two-way Unix stream. At small and large messages, whatever the wait. Refuted by ratios that
    all lie outside.
    """
    found = []
    for above, below in ((FIFO, PIPE), (PIPE, TWO_WAY)):
        for at, of in ratios(run, above, below, (SMALL, LARGE)):
            at["mechanism"] = f"{above} / {below}"
            found.append(parts.part(at, of, parts.times, 1 / parts.SAME, parts.SAME))
    found += parts.lacking(found, "mechanism", (f"{FIFO} / {PIPE}", f"{PIPE} / {TWO_WAY}"))
    return parts.judge(found, f"{NONE} {FIFO} or {TWO_WAY} beside {PIPE} in the same blocks")


def sockets(run: Run) -> Judged:
    """Claim 6, read as: TCP over loopback takes longer than each Unix socket (ratio above 1), and a Unix socket as
    long as a pipe within a quarter; at small and large messages. Refuted by ratios that all lie outside.
    """
    found = []
    for name in UNIX:
        for at, of in ratios(run, TCP, name, (SMALL, LARGE)):
            at["mechanism"] = f"{TCP} / {name}"
            found.append(parts.part(at, of, parts.times, 1.0, float("inf")))
        for at, of in ratios(run, name, PIPE, (SMALL, LARGE)):
            at["mechanism"] = f"{name} / {PIPE}"
            found.append(parts.part(at, of, parts.times, 1 / parts.SAME, parts.SAME))
    wanted = [f"{TCP} / {name}" for name in UNIX] + [f"{name} / {PIPE}" for name in UNIX]
    found += parts.lacking(found, "mechanism", wanted)
    return parts.judge(found, f"{NONE} Unix sockets beside {TCP} or {PIPE} in the same blocks")
