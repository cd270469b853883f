"""A copy of the tree with something added, compiled there and linked with the build that is being tested.

Run with IPCMARK_BUILD, IPCMARK_SOURCE and IPCMARK_CXX. What the new file does not touch is taken from the build, as an
incremental build would.
"""

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
SETTINGS = "CMAKE_BUILD_TYPE|CMAKE_CXX_FLAGS\\w*|CMAKE_CXX_COMPILER_LAUNCHER|IPCMARK_WERROR"
needs_ninja = pytest.mark.skipif(
    not (BUILD / "build.ninja").exists(), reason="asks Ninja for its commands"
)


def call(*arguments: object, **options) -> str:
    done = subprocess.run(
        [str(a) for a in arguments], capture_output=True, text=True, timeout=300, **options
    )
    assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def copied(tree: Path) -> None:
    ignored = shutil.ignore_patterns(*NOT_COPIED, "build-*")
    shutil.copytree(SOURCE, tree, ignore=ignored, symlinks=True)


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text, f"{file} has no {old!r}"
    file.write_text(text.replace(old, new, 1))


def program_with(tree: Path, new_object: str, folder: Path) -> Path:
    """The program with one more object of the tree's build, configured as the one that is tested."""
    cache = (BUILD / "CMakeCache.txt").read_text()
    same = [f"-D{n}={v}" for n, v in re.findall(rf"^({SETTINGS}):\w+=(.*)$", cache, re.MULTILINE)]
    build = folder / "build"
    call("cmake", "-G", "Ninja", "-S", tree, "-B", build, f"-DCMAKE_CXX_COMPILER={os.environ['IPCMARK_CXX']}",
         "-DIPCMARK_TESTS=OFF", "-DIPCMARK_MICRO=OFF", "-DIPCMARK_UNITY=OFF", "-DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON",
         *same)  # fmt: skip
    call("cmake", "--build", build, "--target", new_object)
    link = call("ninja", "-C", BUILD, "-t", "commands", "bench/ipcmark").strip().splitlines()[-1]
    words = [w for w in shlex.split(link) if w not in (":", "&&")]
    program = folder / "ipcmark"
    words[words.index("-o") + 1] = str(program)
    call(*words, build / new_object, cwd=BUILD)
    return program
