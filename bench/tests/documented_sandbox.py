"""A copy of the tree, built and with a tiny run in it, where documented commands can do no harm.

Run with IPCMARK naming the program, IPCMARK_SOURCE the tree, IPCMARK_BUILD its build and IPCMARK_TEST_PLUGINS plug-ins.
"""

from __future__ import annotations

import itertools
import os
import runpy
import shlex
import shutil
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

import documented_rules as rules

PROGRAM, BUILD, SOURCE = (Path(os.environ[f"IPCMARK{name}"]) for name in ("", "_BUILD", "_SOURCE"))
PLUGINS = Path(os.environ["IPCMARK_TEST_PLUGINS"])
NOT_COPIED = ("build", "build-*", "results", ".git", "__pycache__", ".pytest_cache")
# What run_all.sh calls and CI runs for real: building, testing and fuzzing. They say what they were called with.
DOUBLES = ("cmake", "ctest", "dpkg-query", "build/tsan/transports/tests/transports_test", "build/fuzz/harness/fuzz/fuzz_plan")  # fmt: skip
DOUBLE = '#!/bin/bash\necho "${0##*/} $*" >>calls\n[ "${0##*/}" != dpkg-query ] || echo "install ok installed"\n'
SECONDS = 120


class Sandbox:
    """Commands are run from `root`, one after the other; what they write stays for the next."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.new = itertools.count()
        self.ran: dict[str, tuple[int, str]] = {}
        self.environment = dict(os.environ, PATH=f"{root}/bin:{os.environ['PATH']}", IPCMARK_ANALYSIS=str(root / "analysis"),
                                CPUS=",".join(map(str, sorted(os.sched_getaffinity(0))[:2])))  # fmt: skip
        shutil.copytree(SOURCE, root, ignore=shutil.ignore_patterns(*NOT_COPIED), symlinks=True)
        (root / "build/release").mkdir(parents=True)
        for entry in BUILD.iterdir():
            if entry.name != "Testing":  # the log of the ctest that runs this
                (root / "build/release" / entry.name).symlink_to(entry)
        self._install()
        self._measure()

    def _install(self) -> None:
        """What an installed or packaged ipcmark has on PATH, and a plug-in that was built."""
        root = self.root
        (root / "bin").mkdir()
        (root / "share/ipcmark").mkdir(parents=True)
        (root / "bin/ipcmark").symlink_to(PROGRAM)
        shutil.copy(root / ".ci/package/ipcmark-analysis", root / "bin")
        (root / "share/ipcmark/analysis").symlink_to(root / "analysis")
        (root / "libmine.so").symlink_to(PLUGINS / "misbehaving.so")
        (root / "build/libpty.so").symlink_to(PLUGINS / "unoptimised.so")
        for name in DOUBLES:
            file = root / "doubles" / name if "/" not in name else root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(DOUBLE)
            file.chmod(0o755)
        shutil.rmtree(root / "analysis/tests")
        for name in ("test_nothing", "test_fuzz"):
            file = root / f"analysis/tests/{name}.py"
            file.parent.mkdir(exist_ok=True)
            file.write_text("def test_nothing():\n    pass\n")

    def _measure(self) -> None:
        """Every experiment once, one with a plug-in, and a run that was stopped."""
        root = self.root
        plugin = "--plugin libmine.so --transport behaves,pipe"
        self.must("ipcmark run all --plan smoke --blocks 1 --quiet --out RUN")
        self.must(f"ipcmark run latency {plugin} --plan smoke --blocks 1 --quiet --out LITTLE")
        (root / "results").mkdir()
        for copy in ("results/RUN", "RESULTS/RUN"):
            shutil.copytree(root / "RUN", root / copy)
        (root / "own.cdf").write_text("64 0.5\n1024 1\n")
        shutil.copy(root / "bench/plans/smoke.toml", root / "own.toml")
        packed = root / "results/RUN/load.jsonl"
        if packed.exists():  # a file of 1 MiB is packed by the run itself
            self.must(f"gzip {packed}")
        stopped = "ipcmark run latency --plan smoke --transport pipe --blocks 20 --quiet --out results/STOPPED".split()
        with subprocess.Popen(
            stopped, cwd=root, env=self.environment, stdout=subprocess.DEVNULL
        ) as running:
            while not (root / "results/STOPPED.partial/latency.jsonl").exists():
                assert running.poll() is None, "it was not stopped but ended"
                time.sleep(0.002)
            running.send_signal(signal.SIGINT)

    def must(self, command: str) -> None:
        code, said = self.run(command)
        assert code in rules.ends(command), f"{command}: {code}\n{said}"

    def once(self, command: str) -> tuple[int, str]:
        """The same command stands in many documents."""
        if command not in self.ran:
            self.ran[command] = self.run(command)
        return self.ran[command]

    def run(self, command: str) -> tuple[int, str]:
        """Exit code and what was said, as a shell in the tree's top would have it."""
        command = command.replace("NEW", f"new{next(self.new)}")
        environment = dict(self.environment)
        if command.startswith("./run_all.sh"):
            environment["PATH"] = f"{self.root}/doubles:{environment['PATH']}"
        first = command.split()[0]
        if first.startswith("analysis/") and (self.root / first).exists():
            if not os.access(self.root / first, os.X_OK):
                return 126, f"{first} cannot be run"
            return self._forked(shlex.split(command))
        done = subprocess.run(["bash", "-c", command], cwd=self.root, env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=SECONDS)  # fmt: skip
        return done.returncode, done.stdout

    def _forked(self, words: list[str]) -> tuple[int, str]:
        """A script in a child that has numpy and matplotlib already: they take most of its time otherwise."""
        said = self.root / "said"
        child = os.fork()
        if child == 0:
            os._exit(_become(self.root, words, said, self.environment))
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status), said.read_text(errors="replace")


def _become(root: Path, words: list[str], said: Path, environment: dict[str, str]) -> int:
    signal.alarm(SECONDS)
    out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    os.chdir(root)
    os.environ.update(environment)
    sys.argv, sys.path[0], sys.dont_write_bytecode = words, str(root / "analysis"), False
    code: object = 0
    try:
        runpy.run_path(words[0], run_name="__main__")
    except SystemExit as ended:
        code = ended.code
        if isinstance(code, str):
            print(code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else int(code is not None)
