"""What a run may leave behind: looked for by names and places, never by guess of what was made."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

TOKEN = "IPCMARK_FAULT_MATRIX"  # in the environment of the harness and so of all it starts


def processes(token: str) -> list[int]:
    """Living processes, zombies too, that were started with our token."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if f"{TOKEN}={token}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue  # gone, or not ours to read
    return found


def names(prefix: str, temp: Path) -> set[str]:
    """Names with the run's prefix: shared memory, queues, temporary files, abstract sockets."""
    found = {str(path) for path in temp.rglob("*") if path.name.startswith("ipcmark-")}
    for folder in (Path("/dev/shm"), Path("/dev/mqueue")):
        if folder.is_dir():
            found |= {str(path) for path in folder.iterdir() if prefix in path.name}
    for line in Path("/proc/net/unix").read_text(errors="replace").splitlines():
        if prefix in line:
            found.add(line.split()[-1])
    return found | queues(prefix)


def queues(prefix: str) -> set[str]:
    """POSIX queues where no /dev/mqueue is mounted: through a mount that nobody else sees."""
    if Path("/dev/mqueue").is_dir() and any(Path("/dev/mqueue").iterdir()):
        return set()
    look = 'd=$(mktemp -d) && mount -t mqueue none "$d" && ls "$d"; s=$?; umount "$d"; rmdir "$d"; exit $s'
    seen = subprocess.run(["unshare", "-m", "sh", "-c", look], capture_output=True, text=True)
    return {f"mq:/{name}" for name in seen.stdout.split() if prefix in name}


def sysv() -> set[str]:
    """System V objects of this user, by kind and id."""
    found = set()
    for kind in ("msg", "sem", "shm"):
        table = Path("/proc/sysvipc", kind)
        if not table.exists():
            continue
        header, *rows = (line.split() for line in table.read_text().splitlines())
        owner = header.index("uid")
        found |= {f"{kind} {row[1]}" for row in rows if row[owner] == str(os.geteuid())}
    return found
