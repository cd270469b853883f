"""The plug-in door: what is refused and with which words, and that nothing behind it hurts a run.

Run by CTest with IPCMARK naming the program and IPCMARK_TEST_PLUGINS the folder of the built plug-ins.
"""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

PROGRAM = os.environ["IPCMARK"]
PLUGINS = Path(os.environ["IPCMARK_TEST_PLUGINS"])
BAD = str(PLUGINS / "misbehaving.so")
E_MACHINE = 18  # offset in an ELF header


def ipcmark(*arguments: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [PROGRAM, *arguments], capture_output=True, text=True, timeout=300, **options
    )


def run(*arguments: str, out: Path) -> tuple[subprocess.CompletedProcess, dict[str, list[dict]]]:
    """A run of BAD's transports and its records, by transport."""
    done = ipcmark(
        "run", "latency", "--plan", "smoke", "--quiet", "--plugin", BAD, "--wait", "block",
        "--message-bytes", "64", "--phase-deadline-ns", "2s", "--out", str(out), *arguments
    )  # fmt: skip
    found: dict[str, list[dict]] = {}
    for file in out.glob("*.jsonl"):
        for line in file.open():
            record = json.loads(line)
            found.setdefault(record["case"]["transport"], []).append(record)
    return done, found


def refused(done: subprocess.CompletedProcess, *words: str) -> None:
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


def probes_alive() -> list[str]:
    """Processes of a probe, whoever their parent is now."""
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"probe-plugin" in line.read_bytes():
                found.append(line.parent.name)
        except OSError:
            continue  # it ended meanwhile
    return found


def patched(source: Path, target: Path, offset: int, value: bytes) -> str:
    content = bytearray(source.read_bytes())
    content[offset : offset + len(value)] = value
    target.write_bytes(content)
    return str(target)


@pytest.mark.parametrize(
    ("plugin", "says"),
    [
        ("no_such_file.so", "No such file or directory"),
        ("no_symbol.so", "no symbol ipcmark_plugin"),
        ("other_contract.so", "compiled against other headers"),
        ("unresolved.so", "undefined symbol: a_function_that_nobody_has"),
        ("empty.so", "registers no transport"),
        ("namesake.so", "`pipe` has the name of a built-in"),
    ],
)
@pytest.mark.parametrize("command", [["list"], ["run", "latency", "--plan", "smoke"]])
def test_what_is_no_plugin_of_this_program_is_refused_in_one_line(plugin, says, command):
    refused(ipcmark(*command, "--plugin", str(PLUGINS / plugin)), plugin, says)


def test_a_file_that_is_no_shared_object_is_refused(tmp_path):
    text = tmp_path / "text.so"
    text.write_text("#!/bin/sh\n")
    refused(ipcmark("list", "--plugin", str(text)), "no ELF header")
    refused(ipcmark("list", "--plugin", str(tmp_path)), "not a regular file")
    refused(ipcmark("list", "--plugin", "/dev/zero"), "not a regular file")
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    refused(ipcmark("list", "--plugin", str(fifo)), "not a regular file")
    refused(ipcmark("list", "--plugin", PROGRAM), "no symbol ipcmark_plugin")


def test_another_architecture_is_named(tmp_path):
    other = patched(Path(BAD), tmp_path / "other.so", E_MACHINE, b"\xf3\x00")  # RISC-V
    refused(ipcmark("list", "--plugin", other), "built for ELF machine 243; this program is ")


def test_a_file_cut_off_anywhere_is_refused_and_not_loaded(tmp_path):
    whole = Path(BAD).read_bytes()
    short = tmp_path / "short.so"
    for size in (0, 3, 20, 63, 64, 1000, len(whole) // 2, len(whole) - 100):
        short.write_bytes(whole[:size])
        refused(ipcmark("list", "--plugin", str(short)), "short.so")


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("crash", "probe: killed by signal 11 (Segmentation fault) while loading"),
        ("exit", "probe: ended without an answer while loading"),
        ("throw", "while loading"),
        ("hang", "probe: did not end within 5000 ms while loading"),
        ("deaf", "probe: did not end within 5000 ms while loading"),
        ("litter", "probe: did not end within 5000 ms while leaving a process behind"),
    ],
)
def test_one_that_goes_wrong_while_it_is_loaded_takes_nobody_with_it(fault, says):
    before = time.monotonic()
    done = ipcmark("list", "--plugin", BAD, env={**os.environ, "IPCMARK_TEST_AT_LOAD": fault})
    refused(done, BAD, says)
    assert time.monotonic() - before < 30
    assert not probes_alive()


def test_list_tells_what_a_plugin_brings_and_whether_it_is_here():
    done = ipcmark("list", "transports", "--json", "--plugin", BAD)
    assert done.returncode == 0, done.stderr
    entries = {entry["name"]: entry for entry in json.loads(done.stdout)["transports"]}
    assert entries["behaves"]["available"] and entries["behaves"]["plugin"] == BAD
    assert entries["behaves"]["abilities"] and entries["behaves"]["waits"]
    assert entries["is_missing"]["reason"] == "mechanism: Function not implemented"
    assert "killed by signal 11" in entries["crashes_when_opened"]["reason"]
    assert entries["pipe"]["plugin"] is None


def test_one_that_behaves_is_measured_like_any_other(tmp_path):
    done, found = run("--transport", "behaves,pipe,is_missing", out=tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert {r["status"] for r in found["behaves"] + found["pipe"]} == {"ok"}
    assert {r["reason"] for r in found["is_missing"]} == {"mechanism: Function not implemented"}
    plugin = json.loads((tmp_path / "run/manifest.json").read_text())["plugins"][0]
    assert (
        plugin["path"] == BAD
        and plugin["name"] == "misbehaving"
        and "behaves" in plugin["transports"]
    )
    environment = json.loads((tmp_path / "run/environment.json").read_text())
    assert environment["build"]["plugins"] == {"misbehaving.so": plugin["build_id"]}
    again = ipcmark(
        "run", "--like", str(tmp_path / "run"), "--quiet", "--out", str(tmp_path / "again")
    )
    assert again.returncode == 0, again.stderr


def test_what_goes_wrong_in_a_phase_fails_there_and_the_rest_of_the_run_is_intact(tmp_path):
    reasons = {
        "hangs": "did not finish",
        "crashes": "server killed by signal 11",
        "exits": "server exited with 0",
        "throws": "server: the mechanism broke",
        "throws_a_number": "no std::exception",
        "corrupts": "payload: client: 1 of",
        "lies_about_sizes": "of another length",
        "lies_about_time": "client: its stamps account for",
        "crashes_when_opened": "launch killed by signal 11",
    }
    done, found = run("--transport", ",".join([*reasons, "behaves", "pipe"]), out=tmp_path / "run")
    assert done.returncode == 5, done.stderr  # a payload was wrong
    for transport, reason in reasons.items():
        for record in found[transport]:
            assert record["status"] == "failed" and reason in record["reason"], record["reason"]
            assert record["windows"] is None and record["messages"] == 0
    assert {r["status"] for r in found["behaves"] + found["pipe"]} == {"ok"}
    books = json.loads((tmp_path / "run/manifest.json").read_text())
    assert books["cases_planned"] == books["cases_ok"] + books["cases_failed"]


def test_one_that_was_built_without_optimisation_is_not_measured_unless_allowed(tmp_path):
    arguments = ["run", "latency", "--plan", "quick", "--blocks", "1", "--message-bytes", "64", "--quiet",
                 "--plugin", str(PLUGINS / "unoptimised.so"), "--transport", "pty"]  # fmt: skip
    done = ipcmark(*arguments, "--allow", "sanitizer_build", "--out", str(tmp_path / "run"))
    assert done.returncode == 3 and "--allow=debug_build" in done.stderr
    assert "unoptimised.so is built without optimisation" in done.stderr


def test_a_plugin_that_has_changed_since_is_not_gone_on_with(tmp_path):
    copy = tmp_path / "copy.so"
    copy.write_bytes(Path(BAD).read_bytes())
    out = tmp_path / "run"
    arguments = [
        "run",
        "latency",
        "--plan",
        "smoke",
        "--quiet",
        "--plugin",
        str(copy),
        "--transport",
        "behaves",
    ]
    with subprocess.Popen(
        [PROGRAM, *arguments, "--out", str(out)], stdout=subprocess.DEVNULL
    ) as first:
        while not (tmp_path / "run.partial/manifest.json").exists() and first.poll() is None:
            time.sleep(0.002)
        first.kill()
    copy.write_bytes(Path(BAD).read_bytes() + b"\0")
    refused(
        ipcmark("run", "--resume", str(tmp_path / "run.partial")), "changed since the run began"
    )
    copy.write_bytes(Path(BAD).read_bytes())
    assert ipcmark("run", "--resume", str(tmp_path / "run.partial"), "--quiet").returncode == 0
    ipcmark("clean")
