"""A transport is one new file and one line: done on a copy of the tree, compiled there, linked, listed and measured."""

import filecmp
import json
import re
from pathlib import Path

import grown
from grown import NOT_COPIED, SOURCE, call

OBJECT = "transports/CMakeFiles/ipcmark_transports.dir/packets.cpp.o"


def add_transport(tree: Path) -> None:
    """The one file, which is transports/README.md's first example, and the one line."""
    page = (tree / "transports/README.md").read_text()
    text = re.search(r"^```cpp\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[1]
    (tree / "transports/packets.cpp").write_text(text)
    lists = tree / "transports/CMakeLists.txt"
    grown.replace(lists, "set(IPCMARK_TRANSPORTS\n", "set(IPCMARK_TRANSPORTS\n    packets\n")


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
    assert sorted(differences(SOURCE, tree)) == [
        "transports/CMakeLists.txt",
        "transports/packets.cpp",
    ]
    before = (SOURCE / "transports/CMakeLists.txt").read_text().splitlines()
    after = (tree / "transports/CMakeLists.txt").read_text().splitlines()
    assert len(after) == len(before) + 1

    program = grown.program_with(tree, OBJECT, tmp_path)
    listed = json.loads(call(program, "list", "transports", "--json"))["transports"]
    assert {"packets", "hybrid_packets"} <= {entry["name"] for entry in listed}
    run = tmp_path / "run"
    ours = ["--transport", "packets,hybrid_packets", "--quiet", "--out", run]
    call(program, "run", "latency", "--plan", "smoke", *ours)
    records = [json.loads(line) for line in (run / "latency.jsonl").open()]
    assert {(r["case"]["transport"], r["status"]) for r in records} == {
        ("packets", "ok"),
        ("hybrid_packets", "ok"),
    }
