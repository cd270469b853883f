"""Round trips of ours beside other people's tools, in turns: what speed.py asks of perf and sockperf."""

from __future__ import annotations

import json
import re
import socket
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


def beside_perf(program: Path, cpu: int) -> list[tuple[float, float]]:
    """Both send 4 B and are asked for the mean; both ends on one CPU, as perf cannot part them."""

    def perf() -> float:
        text = output("taskset", "-c", str(cpu), "perf", "bench", "sched", "pipe", "-l", "5000")
        return 1000 * float(re.search(r"([\d.]+) usecs/op", text)[1])

    def pipe() -> float:
        return ours(program, "pipe", (cpu, cpu), 4, 5_000)["mean_ns"]

    return in_turns(pipe, perf, kPerfPairs)


def beside_sockperf(program: Path, cpus: tuple[int, int]) -> list[tuple[float, float]]:
    """64 B, blocking, no delay on either side; the median of single round trips on both."""
    address = ["--tcp", "-i", "127.0.0.1", "-p", str(kSockperfPort)]
    command = ["taskset", "-c", str(cpus[1]), "sockperf", "server", *address]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def sockperf() -> float:
        client = ["sockperf", "ping-pong", *address, "-m", "64", "-t", "1"]
        text = output("taskset", "-c", str(cpus[0]), *client)
        return 2000 * float(re.search(r"percentile 50.000 =\s*([\d.]+)", text)[1])

    def tcp() -> float:
        return ours(program, "tcp", cpus, 64, 10_000)["p50_ns"]

    try:
        await_port()
        return in_turns(tcp, sockperf, kSockperfPairs)
    finally:
        server.kill()
        server.wait()


def await_port(patience_s: float = 5) -> None:
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", kSockperfPort)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"sockperf did not listen on port {kSockperfPort}")
