"""Planted bugs are found by the ordinary output: plug-ins that work and cost too much, each beside its twin that does not.

Run by CTest with IPCMARK naming the program, IPCMARK_SOURCE its tree and IPCMARK_TEST_PLUGINS the folder of the built plug-ins.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = os.environ["IPCMARK"]
PLUGINS = Path(os.environ["IPCMARK_TEST_PLUGINS"])
ANALYSIS = Path(os.environ["IPCMARK_SOURCE"]) / "analysis"
FREES, KEEPS = "ring_tidy", "ring_hoarding"
MISPLACED, PADDED = "ring_staged", "ring_plain"


def measured(plugin: str, transports: str, out: Path) -> tuple[list[dict], dict]:
    """Records and summary of an ordinary run of spinning ends."""
    done = subprocess.run(
        [PROGRAM, "run", "latency", "--plan", "smoke", "--quiet", "--plugin", str(PLUGINS / plugin),
         "--transport", transports, "--wait", "spin", "--message-bytes", "8", "--measure-ns", "50ms",
         "--out", str(out)], capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = (out / "latency.jsonl").read_text().splitlines()
    assert not [l for l in map(json.loads, lines) if l["status"] != "ok"]
    told = f"import json, records, summary; print(json.dumps(summary.build(records.load({str(out)!r}))))"
    built = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, timeout=300,
                           env={**os.environ, "PYTHONPATH": str(ANALYSIS)})  # fmt: skip
    assert built.returncode == 0, built.stderr
    return [json.loads(line) for line in lines], json.loads(built.stdout)


def shootdowns(records: list[dict], transport: str) -> list[int | None]:
    """Of each case's ends."""
    mine = [r for r in records if r["case"]["transport"] == transport]
    return [r["machine"]["tlb_shootdowns"] for r in mine]


@pytest.mark.skipif(
    len(os.sched_getaffinity(0)) < 2, reason="one CPU: no other thread can be shot down"
)
def test_a_thread_that_frees_memory_is_found_and_one_that_keeps_it_is_not(tmp_path):
    found, summary = measured("planted_frees.so", f"{FREES},{KEEPS},shm_ring", tmp_path / "run")
    frees, keeps = (shootdowns(found, name) for name in (FREES, KEEPS))
    if None in frees:
        pytest.skip("no TLB row in /proc/interrupts: shootdowns are not counted here")
    assert min(frees) >= 10 and sum(keeps) * 10 < sum(frees), (frees, keeps)
    told = [d["message"] for d in summary["doubts"] if d["check"] == "shootdowns"]
    assert [t.split(":")[0] for t in told] == [FREES], told
    assert summary["shot_down"][0]["transport"] == FREES


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one CPU: no line moves")
def test_rings_that_differ_in_one_pad_stand_in_the_table_of_hand_offs(tmp_path):
    """What they take is in test_planted.py of analysis: no test here asserts a time."""
    _, summary = measured("planted_pad.so", f"{MISPLACED},{PADDED},shm_ring", tmp_path / "run")
    assert {r["transport"] for r in summary["line_hops"]} == {MISPLACED, PADDED, "shm_ring"}
    assert all(r["handoffs"] > 0 for r in summary["line_hops"])
