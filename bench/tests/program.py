"""The program under test, which IPCMARK names, and what its runs leave."""

import gzip
import json
import os
import subprocess
from pathlib import Path

PROGRAM = os.environ["IPCMARK"]
TINY = ["latency", "--plan", "smoke", "--transport", "pipe,shm_ring", "--quiet"]


def ipcmark(*arguments: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [PROGRAM, *arguments], capture_output=True, text=True, timeout=300, **options
    )


def lines(file: Path) -> list[str]:
    """Of a record file, which may be packed: large ones of a complete run are."""
    text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    return text.decode().splitlines()


def records(run: Path) -> list[dict]:
    found = [json.loads(line) for file in sorted(run.glob("*.jsonl*")) for line in lines(file)]
    for record in found:
        record["case"] = manifest(run)["neutral"] | record["case"]
    return found


def manifest(run: Path) -> dict:
    return json.loads((run / "manifest.json").read_text())


def objects_of_ours() -> set[str]:
    shm = {name for name in os.listdir("/dev/shm") if name.startswith("ipcmark")}
    tmp = {
        name for name in os.listdir(os.environ.get("TMPDIR", "/tmp")) if name.startswith("ipcmark-")
    }
    tables = {
        kind: Path(f"/proc/sysvipc/{kind}").read_text().splitlines()[1:] for kind in ("msg", "shm")
    }
    return (
        shm
        | tmp
        | {f"{kind} {line.split()[1]}" for kind, lines in tables.items() for line in lines}
    )


def cases(run: Path) -> list[str]:
    """Of the launches that were planned; what is run again besides is the machine's doing."""
    planned = (r["case"] for r in records(run) if "supersedes" not in r)
    return sorted(json.dumps(case, sort_keys=True) for case in planned)
