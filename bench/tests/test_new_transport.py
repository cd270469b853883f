"""A transport is one new file and one line: done on a copy of the tree, compiled there, linked, listed and measured."""

import filecmp
import json
from pathlib import Path

import pytest

import grown
from grown import NOT_COPIED, SOURCE, call

OBJECT = "transports/CMakeFiles/ipcmark_transports.dir/pty.cpp.o"


def add_transport(tree: Path) -> None:
    """The one file, which is the example plug-in's less its descriptor, and the one line."""
    example = (tree / "transports/examples/plugin/pty.cpp").read_text()
    text = example[: example.index('extern "C"')].replace('#include "transports/plugin.hpp"\n', "")
    (tree / "transports/pty.cpp").write_text(text)
    lists = tree / "transports/CMakeLists.txt"
    grown.replace(lists, "set(IPCMARK_TRANSPORTS\n", "set(IPCMARK_TRANSPORTS\n    pty\n")


def differences(a: Path, b: Path) -> list[str]:
    compared = filecmp.dircmp(a, b, ignore=list(NOT_COPIED))
    found = compared.diff_files + compared.right_only
    for name, inner in compared.subdirs.items():
        found += [f"{name}/{path}" for path in differences(Path(inner.left), Path(inner.right))]
    return found


@grown.needs_ninja
def test_a_transport_is_one_file_and_one_line(tmp_path):
    tree = tmp_path / "tree"
    grown.copied(tree)
    add_transport(tree)
    assert sorted(differences(SOURCE, tree)) == ["transports/CMakeLists.txt", "transports/pty.cpp"]
    before = (SOURCE / "transports/CMakeLists.txt").read_text().splitlines()
    after = (tree / "transports/CMakeLists.txt").read_text().splitlines()
    assert len(after) == len(before) + 1

    program = grown.program_with(tree, OBJECT, tmp_path)
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
