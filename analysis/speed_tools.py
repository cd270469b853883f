"""Round trips of ours beside other people's tools, in turns: what speed.py asks of perf and sockperf."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any, Callable

kPerfPairs = 60  # of our run and the tool's
kSockperfPairs = 20  # each takes 1.5 s
kSockperfPort = 21_111

Row = dict[str, Any]


def output(*command: str | Path) -> str:
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=True
    ).stdout


def ours(program: Path, transport: str, cpus: tuple[int, int], size: int, count: int) -> Row:
    where = ["--cpus", f"{cpus[0]},{cpus[1]}", "--message-bytes", str(size), "--count", str(count)]
    return json.loads(output(program, "trips", "--transport", transport, *where))


def number(pattern: str, text: str) -> float:
    """The number that a tool's output has where the pattern has its group."""
    found = re.search(pattern, text)
    if found is None:
        raise ValueError(f"nothing like {pattern!r} in: {text.strip()[-300:] or 'no output'}")
    return float(found[1])


def perf_pipe_ns(text: str) -> float:
    """Mean round trip, from `perf bench sched pipe`, which counts one as an operation."""
    return 1000 * number(r"([\d.]+) usecs/op", text)


def sockperf_ns(text: str) -> float:
    """Median round trip, from `sockperf ping-pong`, which prints half of one in microseconds."""
    return 2000 * number(r"percentile 50.000 =\s*([\d.]+)", text)


def in_turns(
    ours_ns: Callable[[], float], theirs_ns: Callable[[], float], pairs: int
) -> list[tuple[float, float]]:
    """Pairs, measured in the order AB, BA, BA, AB, ..."""
    measured = []
    for i in range(pairs):
        order = (ours_ns, theirs_ns) if i % 4 in (0, 3) else (theirs_ns, ours_ns)
        times = {measure: measure() for measure in order}
        measured.append((times[ours_ns], times[theirs_ns]))
    return measured


def beside_perf(program: Path, cpu: int, pairs: int = kPerfPairs) -> list[tuple[float, float]]:
    """Both send 4 B and are asked for the mean; both ends on one CPU, as perf cannot part them."""

    def perf() -> float:
        text = output("taskset", "-c", str(cpu), "perf", "bench", "sched", "pipe", "-l", "5000")
        return perf_pipe_ns(text)

    def pipe() -> float:
        return ours(program, "pipe", (cpu, cpu), 4, 5_000)["mean_ns"]

    return in_turns(pipe, perf, pairs)


def beside_sockperf(
    program: Path, cpus: tuple[int, int], protocol: str = "tcp", pairs: int = kSockperfPairs
) -> list[tuple[float, float]]:
    """64 B, blocking, no delay on either side; the median of single round trips on both."""
    address = ["-i", "127.0.0.1", "-p", str(kSockperfPort)]
    address += ["--tcp"] if protocol == "tcp" else []
    command = ["taskset", "-c", str(cpus[1]), "sockperf", "server", *address]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def sockperf() -> float:
        client = ["sockperf", "ping-pong", *address, "-m", "64", "-t", "1"]
        return sockperf_ns(output("taskset", "-c", str(cpus[0]), *client))

    def socket_() -> float:
        return ours(program, protocol, cpus, 64, 10_000)["p50_ns"]

    try:
        await_port(protocol)
        return in_turns(socket_, sockperf, pairs)
    finally:
        server.kill()
        server.wait()


def await_port(protocol: str, patience_s: float = 5) -> None:
    """Until somebody listens there: the kernel's tables say so without a message to it."""
    wanted = f":{kSockperfPort:04X}"
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        lines = Path("/proc/net", protocol).read_text().splitlines()[1:]
        if any(line.split()[1].endswith(wanted) for line in lines):
            return
        time.sleep(0.05)
    raise TimeoutError(f"sockperf did not listen on {protocol} port {kSockperfPort}")
