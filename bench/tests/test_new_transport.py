"""A transport is one new file and one line: done on a copy of the tree, compiled there, linked, listed and measured.

Run by CTest with IPCMARK_BUILD, IPCMARK_SOURCE and IPCMARK_CXX. What the new file does not touch is taken from the build
that is being tested, as an incremental build would.
"""

import filecmp
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

BUILD = Path(os.environ["IPCMARK_BUILD"])
SOURCE = Path(os.environ["IPCMARK_SOURCE"])
NOT_COPIED = ("build", "results", ".git", "__pycache__", ".pytest_cache")
OBJECT = "transports/CMakeFiles/ipcmark_transports.dir/pty.cpp.o"


def call(*arguments: object, **options) -> str:
    done = subprocess.run(
        [str(a) for a in arguments], capture_output=True, text=True, timeout=300, **options
    )
    assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def add_transport(tree: Path) -> None:
    """The one file, which is the example plug-in's less its descriptor, and the one line."""
    example = (tree / "transports/examples/plugin/pty.cpp").read_text()
    text = example[: example.index('extern "C"')].replace('#include "transports/plugin.hpp"\n', "")
    (tree / "transports/pty.cpp").write_text(text)
    lists = tree / "transports/CMakeLists.txt"
    lists.write_text(
        lists.read_text().replace(
            "set(IPCMARK_TRANSPORTS\n", "set(IPCMARK_TRANSPORTS\n    pty\n", 1
        )
    )


def differences(a: Path, b: Path) -> list[str]:
    compared = filecmp.dircmp(a, b, ignore=list(NOT_COPIED))
    found = compared.diff_files + compared.right_only
    for name, inner in compared.subdirs.items():
        found += [f"{name}/{path}" for path in differences(Path(inner.left), Path(inner.right))]
    return found


@pytest.mark.skipif(not (BUILD / "build.ninja").exists(), reason="asks Ninja for its commands")
def test_a_transport_is_one_file_and_one_line(tmp_path):
    tree = tmp_path / "tree"
    shutil.copytree(
        SOURCE, tree, ignore=shutil.ignore_patterns(*NOT_COPIED, "build-*"), symlinks=True
    )
    add_transport(tree)
    assert sorted(differences(SOURCE, tree)) == ["transports/CMakeLists.txt", "transports/pty.cpp"]
    before = (SOURCE / "transports/CMakeLists.txt").read_text().splitlines()
    after = (tree / "transports/CMakeLists.txt").read_text().splitlines()
    assert len(after) == len(before) + 1

    cache = (BUILD / "CMakeCache.txt").read_text()
    same = [f"-D{name}={value}" for name, value in re.findall(
        r"^(CMAKE_BUILD_TYPE|CMAKE_CXX_FLAGS\w*|CMAKE_CXX_COMPILER_LAUNCHER|IPCMARK_WERROR):\w+=(.*)$", cache, re.M)]  # fmt: skip
    build = tmp_path / "build"
    call("cmake", "-G", "Ninja", "-S", tree, "-B", build, f"-DCMAKE_CXX_COMPILER={os.environ['IPCMARK_CXX']}",
         "-DIPCMARK_TESTS=OFF", "-DIPCMARK_MICRO=OFF", *same)  # fmt: skip
    call("cmake", "--build", build, "--target", OBJECT)

    link = call("ninja", "-C", BUILD, "-t", "commands", "bench/ipcmark").strip().splitlines()[-1]
    words = [w for w in shlex.split(link) if w not in (":", "&&")]
    program = tmp_path / "ipcmark"
    words[words.index("-o") + 1] = str(program)
    call(*words, build / OBJECT, cwd=BUILD)

    listed = json.loads(call(program, "list", "transports", "--json"))["transports"]
    entry = next(entry for entry in listed if entry["name"] == "pty")
    assert entry["plugin"] is None
    if not entry["available"]:
        pytest.skip(entry["reason"])
    run = tmp_path / "run"
    call(
        program, "run", "latency", "--plan", "smoke", "--transport", "pty", "--quiet", "--out", run
    )
    assert {json.loads(line)["status"] for line in (run / "latency.jsonl").open()} == {"ok"}
