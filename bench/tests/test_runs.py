"""Runs that are repeated, stopped, killed, resumed, tuned, and two at once; nothing of theirs may be left.

Run by CTest with IPCMARK naming the program; times are not looked at, since no test asserts a speed.
"""

import json
import signal
import subprocess
import time

import pytest

from program import PROGRAM, TINY, cases, ipcmark, manifest, records


def test_the_manifest_says_of_every_transport_what_the_list_does(run_dir):
    assert ipcmark("run", *TINY, "--blocks", "1", "--out", str(run_dir)).returncode == 0
    told = manifest(run_dir)["transports"]
    listed = json.loads(ipcmark("list", "transports", "--json").stdout)["transports"]
    assert set(told) == {entry["name"] for entry in listed}
    for entry in listed:
        said = told[entry["name"]]
        assert {"abilities", "boundaries", "lossy"} <= set(said) and said.items() <= entry.items()


def test_a_run_is_repeated_by_like(run_dir, tmp_path):
    assert ipcmark("run", *TINY, "--out", str(run_dir)).returncode == 0
    again = tmp_path / "again"
    assert ipcmark("run", "--like", str(run_dir), "--quiet", "--out", str(again)).returncode == 0
    assert cases(run_dir) == cases(again)


def test_a_run_is_never_overwritten(run_dir):
    assert ipcmark("run", *TINY, "--out", str(run_dir)).returncode == 0
    second = ipcmark("run", *TINY, "--out", str(run_dir))
    assert second.returncode == 2 and "never overwritten" in second.stderr


def tuning() -> dict:
    """What --tune would change now: the same before and after one, or something stayed changed."""
    return json.loads(ipcmark("doctor", "--json").stdout)["tuning"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_run_is_resumed_without_measuring_twice_and_as_tuned(run_dir, how):
    untuned = tuning()
    arguments = [
        "run",
        "latency",
        "throughput",
        "--plan",
        "smoke",
        "--quiet",
        "--tune",
        "--out",
        str(run_dir),
    ]
    partial = run_dir.with_name("run.partial")
    with subprocess.Popen(
        [PROGRAM, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as run:
        deadline = time.monotonic() + 60
        while not list(partial.glob("*.jsonl")) and time.monotonic() < deadline:
            time.sleep(0.005)
        run.send_signal(how)
        run.wait(30)
        assert run.returncode == (130 if how == signal.SIGINT else -9), run.stderr.read()
    before = {r["launch_id"] for r in records(partial)}
    bare = ipcmark("run", "--resume", str(partial), "--quiet")
    assert bare.returncode == 2 and "--tune" in bare.stderr
    resumed = ipcmark("run", "--resume", str(partial), "--quiet", "--tune")
    assert ("restored /" in resumed.stderr) == (how == signal.SIGKILL and untuned["set"] != [])
    found = records(run_dir)
    failed = {r["reason"] for r in found if r["status"] == "failed"}
    assert resumed.returncode == 0, (failed, resumed.stderr)
    keys = [(r["launch_id"], json.dumps(r["case"], sort_keys=True)) for r in found]
    assert len(keys) == len(set(keys))
    assert before <= {r["launch_id"] for r in found}
    assert manifest(run_dir)["cases_planned"] == len(found)
    told = json.loads((run_dir / "environment.json").read_text())["tuning"]
    assert {e["knob"] for e in told["set"] + told["left"]} == {
        e["knob"] for e in untuned["set"] + untuned["left"]
    }
    assert tuning() == untuned
    ipcmark("clean")


def test_a_run_killed_before_anything_was_measured_is_begun_again(run_dir):
    partial = run_dir.with_name("run.partial")
    arguments = [PROGRAM, "run", *TINY, "--out", str(run_dir)]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        deadline = time.monotonic() + 60
        while not partial.exists() and time.monotonic() < deadline:
            time.sleep(0.002)
        run.kill()
    assert partial.is_dir() and not (partial / "manifest.json").exists()
    resumed = ipcmark("run", "--resume", str(partial))
    assert resumed.returncode == 2 and f"--out {run_dir}" in resumed.stderr
    assert ipcmark("run", *TINY, "--blocks", "1", "--out", str(run_dir)).returncode == 0
    assert not partial.exists() and records(run_dir)
    for named in (run_dir, partial):
        again = ipcmark("run", "--resume", str(named))
        assert again.returncode == 2 and f"{run_dir}: the run is complete" in again.stderr


def test_two_runs_never_overlap(run_dir, tmp_path):
    arguments = ["run", "latency", "--plan", "smoke", "--quiet", "--out", str(run_dir)]
    with subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.DEVNULL) as first:
        while not run_dir.with_name("run.partial").exists() and first.poll() is None:
            time.sleep(0.002)
        second = ipcmark("run", *TINY, "--out", str(tmp_path / "second"))
        first.wait(60)
    assert second.returncode == 3 and str(first.pid) in second.stderr
    assert not (tmp_path / "second.partial").exists()
