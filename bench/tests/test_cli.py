"""The program as its users meet it: exit codes, one-line errors, what is skipped and what records say.

Run by CTest with IPCMARK naming the program; times are not looked at, since no test asserts a speed.
"""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from program import PROGRAM, TINY, cases, ipcmark, manifest, records

NO_ROUND_TRIPS = {"system_calls", "counters", "life_cycle", "false_sharing", "tlb_shootdown"}
NO_ROUND_TRIPS |= {"memory_order", "aba", "offset_pointers"}


def test_a_bad_file_of_sizes_is_one_line_with_its_number_and_exit_2(tmp_path):
    own = tmp_path / "own.cdf"
    own.write_text("64 0.5\n1024 0.4\n4096 1\n")
    done = ipcmark("run", "mixture", "--plan", "smoke", "--dry-run", "--sizes", str(own))
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert f"{own}:2: a share of 0.4 after 0.5" in done.stderr
    own.write_text("64 0.5\n1024 1\n")
    done = ipcmark("run", "mixture", "--plan", "smoke", "--dry-run", "--sizes", str(own))
    assert done.returncode == 0, done.stderr


def test_smoke_plan_measures_everything_and_keeps_its_books(run_dir):
    done = ipcmark("run", "all", "--plan", "smoke", "--quiet", "--out", str(run_dir))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(run_dir)
    books = manifest(run_dir)
    found = records(run_dir)
    counts = {s: sum(r["status"] == s for r in found) for s in ("ok", "skipped", "failed")}
    assert (
        books["cases_planned"]
        == books["cases_ok"] + books["cases_skipped"] + books["cases_failed"]
        == len(found)
    )
    assert counts == {s: books[f"cases_{s}"] for s in counts}
    assert counts["failed"] == 0
    assert all(r["reason"] for r in found if r["status"] == "skipped")
    assert books["launches_planned"] == books["launches_done"]
    again = {r["launch_id"]: r["supersedes"]["launch_id"] for r in found if "supersedes" in r}
    assert again == {e["again"]: e["launch_id"] for e in books["contaminated"] if e["again"]}
    assert books["launches_repeated"] == len(again) <= (books["launches_done"] - len(again)) / 10
    for record in found:
        if record["status"] != "ok" or record["case"]["pattern"] not in ("ping", "ask"):
            continue
        if record["experiment"] in NO_ROUND_TRIPS:
            continue
        windowed = len(record["windows"]["ns_per_message"]) * record["windows"]["messages_each"]
        assert record["messages"] == windowed + record["histograms"]["round_trip_ns"]["count"]
        pids = {role["pid"] for role in record["roles"]}
        assert len(pids) == (2 if record["case"]["roles"] == "process" else 1)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (
            ["run", "latency", "--wait", "spin", "--placement", "same_core", "--transport", "pipe"],
            3,
            "--allow",
        ),
        (["run", "latency", "--cpus", "4095"], 3, "4095"),
        (["run", "latency", "--out", "/proc/nowhere/run"], 2, "/proc/nowhere"),
    ],
)
def test_what_cannot_be_run_says_so_and_leaves_nothing(arguments, code, says, tmp_path):
    done = ipcmark(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    if code == 2:
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_size_beyond_the_limit_is_skipped_with_the_limit(run_dir):
    done = ipcmark("run", "latency", "--plan", "smoke", "--transport", "cache_line", "--message-bytes", "57",
                   "--quiet", "--out", str(run_dir))  # fmt: skip
    assert done.returncode == 77
    assert {r["status"] for r in records(run_dir)} == {"skipped"}
    assert all("56" in r["reason"] for r in records(run_dir) if r["case"]["wait"] == "spin")
    assert len(done.stderr.splitlines()) == 1 and "nothing was measured" in done.stderr
    assert any(r["reason"] in done.stderr for r in records(run_dir))


def test_axes_of_the_kernel_are_recorded_as_asked_and_as_got_and_repeated_by_like(
    run_dir, tmp_path
):
    axes = [
        "--message-bytes",
        "64",
        "--path",
        "queue",
        "--wait",
        "epoll,block",
        "--buffer-bytes",
        "0,128Ki",
    ]
    chosen = ["latency", "--plan", "smoke", "--quiet", "--transport", "pipe,unix_stream,tcp"]
    assert ipcmark("run", *chosen, *axes, "--out", str(run_dir)).returncode == 0
    found = records(run_dir)
    assert {r["status"] for r in found} == {"ok"}
    assert {r["case"]["wait"] for r in found} == {"epoll", "block"}
    for record in found:
        case, got = record["case"], record["values"]["buffer_bytes_got"]
        assert got >= case["buffer_bytes"]
        assert case["nodelay"] == ("on" if case["transport"] == "tcp" else "none")
        assert case["address"] == ("pair" if case["transport"] == "unix_stream" else "none")
        if case["transport"] == "pipe":
            assert got == (case["buffer_bytes"] or 65536)
    again = tmp_path / "again"
    assert ipcmark("run", "--like", str(run_dir), "--quiet", "--out", str(again)).returncode == 0
    assert cases(run_dir) == cases(again)


def test_shared_memory_says_what_pages_it_got(run_dir):
    backings = ["memfd", "posix_shm", "sysv_shm", "mmap_file"]
    done = ipcmark("run", *TINY[:-3], "--transport", "shm_ring", "--quiet", "--message-bytes", "64", "--wait", "block",
                   "--backing", ",".join(backings), "--page-bytes", "0,2Mi", "--out", str(run_dir))  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = records(run_dir)
    assert {r["case"]["backing"] for r in found if r["status"] == "ok"} == set(backings)
    for record in found:
        if record["status"] == "ok":
            assert record["values"]["page_bytes_got"] == record["case"]["page_bytes"]
        else:
            assert record["case"]["page_bytes"] == 2 << 20
            assert re.search(
                "vm.nr_hugepages [0-9]+, needs [0-9]+|hugetlbfs|tmpfs", record["reason"]
            ), record["reason"]


@pytest.mark.parametrize(
    ("axis", "value", "transport"),
    [("nodelay", "off", "pipe"), ("address", "path", "tcp"), ("buffer_bytes", "64Ki", "posix_mq"), ("page_bytes", "2Mi", "fifo"),
     ("wait", "epoll", "shm_ring")],  # fmt: skip
)
def test_an_axis_that_a_transport_lacks_is_skipped_by_name(axis, value, transport, run_dir):
    done = ipcmark("run", *TINY[:-3], "--transport", transport, "--quiet", f"--{axis.replace('_', '-')}", value,
                   "--out", str(run_dir))  # fmt: skip
    assert done.returncode == 77, done.stderr
    lacks = (
        f"{transport} has no ends that epoll" if axis == "wait" else f"{transport} has no {axis}"
    )
    assert {r["reason"] for r in records(run_dir)} == {lacks}


def test_an_unavailable_placement_is_skipped_with_its_reason(run_dir):
    done = ipcmark("run", *TINY, "--placement", "cross_socket,cross_numa", "--out", str(run_dir))
    found = records(run_dir)
    missing = [r for r in found if r["status"] == "skipped"]
    assert done.returncode == (77 if len(missing) == len(found) else 0)
    assert all(r["reason"] for r in missing)


def test_a_check_is_recorded_as_overridden_only_where_it_would_have_refused(run_dir):
    allow = ("--allow", "spin_on_one_cpu")
    assert ipcmark("run", *TINY, *allow, "--wait", "block", "--out", str(run_dir)).returncode == 0
    assert "spin_on_one_cpu" in manifest(run_dir)["plan"]["allowed"]
    assert "spin_on_one_cpu" not in manifest(run_dir)["allowed"]
    assert all("spin_on_one_cpu" not in r["allowed"] for r in records(run_dir))


def test_list_names_the_largest_message_that_a_queue_takes_and_what_refuses_more(run_dir):
    done = ipcmark("list", "transports", "--json")
    found = {t["name"]: t for t in json.loads(done.stdout)["transports"]}
    for name, knob in (("sysv_mq", "msgmax"), ("unix_seqpacket", "SO_SNDBUF")):
        if not found[name]["available"]:
            continue
        largest = found[name]["max_bytes"]
        assert largest and knob in found[name]["limited_by"]
        for size, code in ((largest, 0), (largest + 1, 77)):
            run = run_dir.with_name(f"{name}-{size}")
            tried = ipcmark("run", *TINY[:3], "--transport", name, "--path", "raw", "--message-bytes", str(size),
                            "--quiet", "--out", str(run))  # fmt: skip
            assert tried.returncode == code, tried.stderr


def test_dry_run_is_json_when_asked(tmp_path):
    done = ipcmark("run", "all", "--plan", "smoke", "--dry-run", "--json", cwd=tmp_path)
    dry = json.loads(done.stdout)
    assert dry["all"]["cases"] == sum(e["cases"] for e in dry["experiments"].values()) > 0
    assert dry["plan"]["name"] == "smoke" and dry["launches"] > 0 and dry["blocks"] > 0


def test_dry_run_measures_nothing(tmp_path):
    done = ipcmark("run", "all", "--dry-run", cwd=tmp_path)
    assert done.returncode == 0 and "launches" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_more_roles_than_cpus_are_labelled_or_skipped_with_the_count(run_dir):
    two = ",".join(map(str, sorted(os.sched_getaffinity(0))[:2]))
    if "," not in two:
        pytest.skip("one CPU")
    asked = [
        "run",
        "throughput",
        "--plan",
        "smoke",
        "--transport",
        "pipe",
        "--wait",
        "block",
        "--message-bytes",
        "64",
    ]
    asked += ["--cpus", two, "--producers", "2", "--consumers", "1", "--quiet", "--out"]
    assert ipcmark(*asked, str(run_dir / "forbidden"), "--roles-per-cpu", "1").returncode == 77
    for record in records(run_dir / "forbidden"):
        assert record["status"] == "skipped"
        assert record["reason"].startswith("3 roles on 2 CPUs: up to 2 on one")
    assert ipcmark(*asked, str(run_dir / "labelled")).returncode == 0
    for record in records(run_dir / "labelled"):
        assert record["status"] == "ok", record["reason"]
        assert record["oversubscribed"] == {"roles": 3, "cpus": 2}
        assert [(r["role"], r["index"]) for r in record["roles"]] == [
            ("client", 0),
            ("client", 1),
            ("server", 0),
        ]
        assert record["roles"][2]["messages"] == 2 * record["roles"][0]["messages"]


def test_advise_is_the_analysis_and_says_where_it_is_not(tmp_path):
    golden = Path(__file__).parents[2] / "results/reference/golden"
    done = ipcmark("advise", str(golden), "--message-bytes", "64", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["question"]["sizes"] == [[64, 1]]
    assert "usage: advise.py" in ipcmark("advise", "--help").stdout
    bad = ipcmark("advise", str(golden), "--message-bytes", "64K")
    assert bad.returncode == 2 and bad.stderr.count("\n") == 1
    gone = ipcmark("advise", str(golden), env={**os.environ, "IPCMARK_ANALYSIS": str(tmp_path)})
    assert gone.returncode == 3 and gone.stderr == (
        f"ipcmark: advise: no {tmp_path}/advise.py; IPCMARK_ANALYSIS names the folder it is in\n"
    )


def test_a_temporary_folder_that_is_not_there_is_named_with_its_variable(run_dir):
    gone = {**os.environ, "TMPDIR": "/nonexistent"}
    chosen = ["latency", "--plan", "smoke", "--transport", "fifo", "--quiet", "--blocks", "1"]
    done = ipcmark("run", *chosen, "--out", str(run_dir), env=gone)
    assert done.returncode == 77, done.stderr
    assert all("TMPDIR=/nonexistent" in r["reason"] for r in records(run_dir))
    done = ipcmark("clean", env=gone)
    assert done.returncode == 3 and len(done.stderr.splitlines()) == 1
    assert "TMPDIR=/nonexistent" in done.stderr


def test_an_answer_that_cannot_be_printed_is_no_success(run_dir):
    chosen = ["run", *TINY, "--blocks", "1", "--out", str(run_dir)]
    for arguments in (["list"], ["--version"], ["run", "--help"], chosen):
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE, text=True
            )
        assert done.returncode == 3
        assert done.stderr.startswith("ipcmark: stdout: No space left on device")
        assert len(done.stderr.splitlines()) == 1
    assert str(run_dir) in done.stderr and records(run_dir)


@pytest.mark.parametrize("default_sigpipe", [True, False])
@pytest.mark.parametrize("what", ["list", "run"])
def test_a_reader_that_has_seen_enough_is_no_error(what, default_sigpipe, run_dir):
    chosen = ["run", *TINY, "--blocks", "1", "--json", "--out", str(run_dir)]
    with subprocess.Popen(
        [PROGRAM, *(chosen if what == "run" else ["list", "transports"])],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        restore_signals=default_sigpipe,
    ) as reading:
        reading.stdout.close()
        assert reading.wait(60) == -signal.SIGPIPE
        assert reading.stderr.read() == ""


def test_a_run_goes_on_when_nobody_reads_its_progress(run_dir):
    chosen = [word for word in TINY if word != "--quiet"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [PROGRAM, "run", *chosen, "--blocks", "1", "--out", str(run_dir)],
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
        )
    assert done.returncode == 0 and done.stdout.strip() == str(run_dir)
