"""Other people's tools beside ours: what each prints, how that becomes a time of ours, and what is left out."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import speed_tools
from speed_tools import in_turns, number, ours, output

Pairs = list[tuple[float, float]]  # our time and the tool's, ns
Cpus = tuple[int, int]

kRtLoops = 2_000
kRtIntervalUs = 200  # between two messages; the tool's default of 1 ms lets the CPU idle longer
kExchanges = 20_000


@dataclass(frozen=True)
class Peer:
    """One tool beside one transport."""

    transport: str
    tool: str
    package: str  # Debian's
    what: str  # what its number is, and how it was converted
    like_for_like: bool  # else the ratio stands without a verdict
    measure: Callable[[Path, Cpus, int], Pairs]  # our program, both CPUs, how many pairs

    @property
    def program(self) -> str:
        return self.tool.split()[0]


def stress_eventfd_ns(text: str) -> float:
    """Mean round trip, from stress-ng's bogo operations per second of real time."""
    return 1e9 / number(r"\] eventfd +\d+ +[\d.]+ +[\d.]+ +[\d.]+ +([\d.]+)", text)


def rt_tests_ns(text: str) -> float:
    """Mean latency of one direction, from the JSON of rt-tests, which counts in microseconds."""
    return 1000 * float(json.loads(text)["thread"]["0"]["receiver"]["avg"])


def beside_eventfd(program: Path, cpus: Cpus, pairs: int) -> Pairs:
    cpu = cpus[1]
    command = ["stress-ng", "--eventfd", "1", "--eventfd-ops", str(kExchanges), "--metrics"]
    return in_turns(
        lambda: ours(program, "shm_eventfd", (cpu, cpu), 8, kExchanges)["mean_ns"],
        lambda: stress_eventfd_ns(output(*command, "--stdout", "--taskset", str(cpu))),
        pairs,
    )


def rt_tests(command: str, transport: str) -> Callable[[Path, Cpus, int], Pairs]:
    """Pairs with a tool of rt-tests: its pair on one CPU, ordinary priority; half of our round trip."""

    def theirs(cpu: int) -> float:
        with tempfile.NamedTemporaryFile("r") as report:
            where = ["-a", str(cpu), "-t", "1", "-p", "0", "-i", str(kRtIntervalUs), "-q"]
            output(*command.split(), *where, "-l", str(kRtLoops), f"--json={report.name}")
            return rt_tests_ns(report.read())

    def measure(program: Path, cpus: Cpus, pairs: int) -> Pairs:
        cpu = cpus[1]
        half = lambda: ours(program, transport, (cpu, cpu), 8, kExchanges)["mean_ns"] / 2
        return in_turns(half, lambda: theirs(cpu), pairs)

    return measure


def sockperf(protocol: str) -> Callable[[Path, Cpus, int], Pairs]:
    return lambda program, cpus, pairs: speed_tools.beside_sockperf(program, cpus, protocol, pairs)


kSockperf = "median of half round trips, two CPUs, 64 B: doubled; ours is the median of round trips"
kRt = "mean of one direction, a message each 200 µs, both on one CPU: beside half of our mean round trip"

PEERS = (
    Peer(
        "pipe",
        "perf bench sched pipe",
        "linux-perf",
        "mean round trip of 4 B, one CPU, with the start and end of a child in 5000: as it is",
        True,
        lambda program, cpus, pairs: speed_tools.beside_perf(program, cpus[1], pairs),
    ),
    Peer("tcp", "sockperf ping-pong --tcp", "sockperf", kSockperf, True, sockperf("tcp")),
    Peer("udp", "sockperf ping-pong", "sockperf", kSockperf, True, sockperf("udp")),
    Peer(
        "shm_eventfd",
        "stress-ng --eventfd",
        "stress-ng",
        "exchanges a second, one CPU: inverted; it carries nothing, ours 8 B through the ring",
        True,
        beside_eventfd,
    ),
    Peer("posix_mq", "pmqtest", "rt-tests", kRt, False, rt_tests("pmqtest", "posix_mq")),
    Peer(
        "shm_posix_sem",
        "ptsematest",
        "rt-tests",
        kRt + "; its semaphore is a mutex that the other thread unlocks",
        False,
        rt_tests("ptsematest", "shm_posix_sem"),
    ),
    Peer(
        "shm_sysv_sem",
        "svsematest -f",
        "rt-tests",
        kRt,
        False,
        rt_tests("svsematest -f", "shm_sysv_sem"),
    ),
    Peer(
        "shm_signal",
        "sigwaittest",
        "rt-tests",
        kRt + "; its signal carries nothing and is not queued",
        False,
        rt_tests("sigwaittest", "shm_signal"),
    ),
)

# What was looked at and measures something else.
LEFT_OUT = {
    "perf bench futex": "hash, wake, wake-parallel, requeue and lock-pi: none hands anything over and back",
    "perf bench sched messaging, hackbench": "many senders to many receivers, one total time",
    "stress-ng --pipe, --fifo, --mq, --msg, --sigq, --sock": "streams one way: how many were sent, not how long one takes",
    "stress-ng --sem, --sem-sysv": "several processes contend for one semaphore; nobody waits for an answer",
    "stress-ng --futex": "wakes a waiter that also times out every few microseconds, and counts wakes",
    "stress-ng --switch": "pipe and mq are streams through a small queue; sem-sysv is one semaphore, which its poster may take again",
    "sockperf over AF_UNIX": "Debian 12's sockperf 3.7 has none",
}
