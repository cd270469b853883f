"""The default plan as a user without any privilege, in a home of its own: skipped where more is needed, never wrong.

Run by CTest with IPCMARK naming the program; needs root, to become somebody else.
"""

import gzip
import json
import os
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest

PROGRAM = Path(os.environ["IPCMARK"])
NOBODY = 65534

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another user")


@pytest.fixture
def home():
    """A folder of nobody's, under a parent that everybody may enter."""
    with tempfile.TemporaryDirectory(prefix="unprivileged-") as folder:
        os.chown(folder, NOBODY, NOBODY)
        yield Path(folder)


def run_as_nobody(home: Path, *arguments: str) -> subprocess.CompletedProcess:
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "TMPDIR": str(home)}
    try:
        return subprocess.run(
            [PROGRAM, *arguments], capture_output=True, text=True, timeout=500, cwd=home,
            env=environment, user=NOBODY, group=NOBODY, extra_groups=[], umask=0o022,
        )  # fmt: skip
    except PermissionError:
        pytest.skip(f"nobody cannot enter {PROGRAM.parent}")


def test_the_smoke_plan_needs_no_privilege(home):
    done = run_as_nobody(
        home, "run", "all", "--plan", "smoke", "--blocks", "1", "--quiet", "--out", str(home / "run"),
    )  # fmt: skip
    found = []
    for file in (home / "run").glob("*.jsonl*"):  # large ones are packed
        opened = gzip.open(file) if file.suffix == ".gz" else file.open("rb")
        found += [json.loads(line) for line in opened]
    failed = [(r["experiment"], r["reason"], r["case"]) for r in found if r["status"] == "failed"]
    assert not failed
    assert done.returncode == 0, done.stderr
    assert sum(r["status"] == "ok" for r in found) > len(found) / 2
    assert all(r["reason"] for r in found if r["status"] == "skipped")
    for path in (home / "run").rglob("*"):
        assert not path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH), path
    left = [path for path in home.iterdir() if path.name.startswith("ipcmark-")]
    assert left == [], "temporary files of ours are left"
    journal = home / ".local" / "state" / "ipcmark" / "journal"
    assert not journal.exists() or stat.S_IMODE(journal.stat().st_mode) == 0o600


def test_what_needs_privilege_is_skipped_with_its_call(home):
    done = run_as_nobody(
        home, "run", "latency", "--plan", "smoke", "--transport", "pipe", "--policy", "fifo",
        "--quiet", "--out", str(home / "fifo"),
    )  # fmt: skip
    assert done.returncode in (0, 77), done.stderr
    found = [json.loads(line) for line in (home / "fifo" / "latency.jsonl").open()]
    refused = [r for r in found if r["case"]["policy"] == "fifo" and r["status"] != "ok"]
    assert all(r["status"] == "skipped" and "sched_setscheduler: " in r["reason"] for r in refused)


def test_counters_that_are_forbidden_are_named_with_the_knob(home):
    knob = Path("/proc/sys/kernel/perf_event_paranoid")
    if not knob.exists() or int(knob.read_text()) < 2:
        pytest.skip("this kernel lets everybody count")
    done = run_as_nobody(
        home, "run", "counters", "--plan", "smoke", "--transport", "pipe", "--counters", "scheduling",
        "--blocks", "1", "--quiet", "--out", str(home / "counters"),
    )  # fmt: skip
    assert done.returncode in (0, 77), done.stderr
    for record in map(json.loads, (home / "counters" / "counters.jsonl").open()):
        said = [record["reason"]] + [role["counters_missing"] for role in record["roles"]]
        assert f"(kernel.perf_event_paranoid {knob.read_text().strip()}:" in said[-1]
        # What needs no permission is there all the same; what was forbidden is missing, not zero.
        assert record["status"] == "skipped" or record["roles"][0]["voluntary_switches"] > 0
        assert "context_switches_per_message" not in record["values"]
