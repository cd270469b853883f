"""What transports/README.md declares of calls and copies, against what the program counts.

Run by CTest with IPCMARK naming the program and IPCMARK_SOURCE the tree.
"""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

PROGRAM = os.environ["IPCMARK"]
README = Path(os.environ["IPCMARK_SOURCE"]) / "transports" / "README.md"
# What an end does once in a step, such as its first wait, is not a message's: the step has 256 messages and a
# twentieth would be 13 of them.
ONCE = 0.05
PLAN = """
[run]
allow = ["debug_build", "sanitizer_build"]
blocks = 1
phase_deadline_ns = "20s"

[[system_calls]]
pattern = "ping"
message_bytes = 4
path = "queue"
wait = ["block", "spin"]
"""


def declared() -> dict[str, tuple[str, str]]:
    """Transport -> its cells of copies and calls."""
    found = {}
    for line in README.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 6 and line.startswith("| `") and re.match(r"\d", cells[1]):
            found |= {name: (cells[1], cells[2]) for name in re.findall(r"`(\w+)`", cells[0])}
    return found


def calls_at(cell: str, wait: str) -> int:
    """ "2"; "0, polled 2" for ends that spin; "0, blocking 2" for ends that block; at most, of "1 to 2"."""
    if between := re.match(r"\d+ to (\d+)", cell):
        return int(between.group(1))
    special = re.search({"spin": r"polled (\d+)", "block": r"blocking (\d+)"}[wait], cell)
    return int(special.group(1) if special else re.match(r"\d+", cell).group())


@pytest.fixture(scope="module")
def counted(tmp_path_factory) -> dict[tuple[str, str], dict]:
    folder = tmp_path_factory.mktemp("counted")
    (folder / "plan.toml").write_text(PLAN)
    run = [
        PROGRAM,
        "run",
        "all",
        "--plan",
        str(folder / "plan.toml"),
        "--quiet",
        "--out",
        str(folder / "run"),
    ]
    done = subprocess.run(run, capture_output=True, text=True, timeout=300)
    lines = (
        (folder / "run" / "system_calls.jsonl").read_text().splitlines()
        if done.returncode in (0, 77)
        else []
    )
    assert lines, done.stderr
    records = [json.loads(line) for line in lines]
    neutral = json.loads((folder / "run" / "manifest.json").read_text())["neutral"]
    for record in records:
        record["case"] = neutral | record["case"]
    reasons = {r["reason"] for r in records if "ptrace: " in r["reason"]}
    if reasons:
        pytest.skip(reasons.pop())
    assert not [r for r in records if r["status"] == "failed"]
    return {(r["case"]["transport"], r["case"]["wait"]): r for r in records if r["status"] == "ok"}


def test_the_table_is_true(counted):
    table, wrong, compared = declared(), [], 0
    for name, (copies, calls) in table.items():
        # The table is of ends that are awake: those that spin, where there are such.
        wait = "spin" if (name, "spin") in counted else "block"
        record = counted.get((name, wait))
        asleep = wait == "block" and calls == "0"  # their calls are those of waking up
        if record is None or asleep:
            continue
        compared += 1
        ok, due = record["values"]["ok_per_message"], calls_at(calls, wait)
        # One look at a polled descriptor may find what several messages left there.
        fewer = wait == "spin" and "polled" in calls
        least = int(between.group(1)) if (between := re.match(r"(\d+) to", calls)) else due
        if ok > due + ONCE or (ok < least - ONCE and not fewer):
            wrong.append(f"{name} ({wait}): {ok} calls a message, declared {due}")
        if record["metric"]["copies"] != int(copies[0]):
            wrong.append(f"{name}: {record['metric']['copies']} copies, the table says {copies}")
    assert not wrong
    assert compared >= 10, f"only {compared} rows of {len(table)} were compared"


def test_its_copies_in_place_are_what_the_program_says():
    listed = subprocess.run(
        [PROGRAM, "list", "transports", "--json"], capture_output=True, text=True, check=True
    )
    said = {
        entry["name"]: entry["copies_in_place"] for entry in json.loads(listed.stdout)["transports"]
    }
    for name, (copies, _) in declared().items():
        if said.get(name) is None:  # or a library is missing here
            assert name not in said or "in place" not in copies, name
        else:
            assert said[name] == int(copies.split()[-1]), name


def test_a_blocking_end_never_looks_in_vain(counted):
    for name in ("pipe", "fifo", "tcp", "unix_stream", "unix_seqpacket"):
        record = counted[name, "block"]
        values = record["values"]
        assert values["again_per_message"] == values["error_per_message"] == 0, name
        assert values["system_calls_per_message"] == 2, name
        for role in record["roles"]:  # one to send and one to receive, at either end
            assert (
                sum(sum(c.values()) for c in role["system_calls"].values())
                == 2 * record["messages"]
            )


def test_counting_launches_have_no_times(counted):
    for record in counted.values():
        assert record["windows"] is None and record["histograms"] == {} and record["canary"] is None
        assert not any("cpu_ns" in role for role in record["roles"])
        assert not any(name.endswith("_ns") for name in record["values"])
