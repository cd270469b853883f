"""The fault matrix by several workers at once, each in a namespace of its own.

A cell waits more than it computes, but a machine has one run at a time: the lock is a socket's name and so one of the
network namespace, System V objects and POSIX queues are those of the IPC namespace. In namespaces of its own a worker
holds the machine beside the others, and finds nobody's leftovers but its own. Who may not have any works alone.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

# A worker dies with the matrix: of a test that took too long nothing must go on.
ENTER = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--ipc"]
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def workers() -> int:
    """How many at once: one more than CPUs, since they wait more than they compute."""
    allowed = subprocess.run([*ENTER, "true"], capture_output=True).returncode == 0
    return (os.cpu_count() or 1) + 1 if allowed else 1


def raise_loopback() -> None:
    """In a new network namespace it is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))


def of_share(items: list, share: tuple[int, int]) -> list:
    """Every item is in one share, and neighbours, which cost alike, are in different ones."""
    mine, all_shares = share
    return items[mine::all_shares]


def work(arguments: list[str], count: int, folder: Path) -> list[dict]:
    """Runs the matrix's own program once a share; the tables that the workers wrote."""
    script = str(Path(__file__).with_name("fault_matrix.py"))
    started = []
    for i in range(count):
        own = ["--share", f"{i}/{count}", "-o", str(folder / f"share{i}")]
        command = [*ENTER, sys.executable, "-B", script, *arguments, *own]
        started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
    ended = [worker.wait() for worker in started]  # all, so that none outlives the folder
    if any(code not in (0, 1) for code in ended):
        raise SystemExit(f"a worker of the fault matrix broke: exit codes {ended}")
    return [json.loads((folder / f"share{i}/fault_matrix.json").read_text()) for i in range(count)]
