"""The examples of bench/README.md and analysis/README.md, as they stand there: an experiment and its figure, in a copy."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

import grown
from grown import SOURCE, call

OBJECT = "bench/CMakeFiles/ipcmark_experiments.dir/backing.cpp.o"


def example(document: Path, language: str) -> str:
    """The block of a language that stands alone in its document."""
    [found] = re.findall(
        rf"^```{language}\n(.*?)^```$", document.read_text(), re.MULTILINE | re.DOTALL
    )
    return found


def add_experiment(tree: Path) -> None:
    page = tree / "bench/README.md"
    (tree / "bench/backing.cpp").write_text(example(page, "cpp"))
    grown.replace(tree / "bench/CMakeLists.txt", "OBJECT\n", "OBJECT\n" + example(page, "cmake"))
    for plan in ("smoke", "quick", "nightly", "publish"):
        with (tree / f"bench/plans/{plan}.toml").open("a") as file:
            file.write("\n" + example(page, "toml"))


def add_figure(tree: Path) -> None:
    script = tree / "analysis/backing.py"
    script.write_text(example(tree / "analysis/README.md", "python"))
    script.chmod(0o755)
    grown.replace(tree / "analysis/report.py", "FIGURES = (\n", 'FIGURES = (\n    "backing",\n')


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    tree = tmp_path_factory.mktemp("grown") / "tree"
    grown.copied(tree)
    add_experiment(tree)
    add_figure(tree)
    return tree


@pytest.fixture(scope="module")
def program(tree, tmp_path_factory) -> Path:
    return grown.program_with(tree, OBJECT, tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def run(tree, program, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "run"
    smoke = tree / "bench/plans/smoke.toml"
    call(program, "run", "backing", "--plan", smoke, "--transport", "shm_ring", "--quiet", "--out", folder)  # fmt: skip
    return folder


@grown.needs_ninja
def test_an_experiment_is_a_file_a_line_and_a_table_in_each_plan(tree, program, run):
    listed = json.loads(call(program, "list", "experiments", "--json"))["experiments"]
    assert "backing" in [entry["name"] for entry in listed]
    assert "where shared memory comes from" in call(program, "run", "--help")
    for plan in ("smoke", "quick", "nightly", "publish"):
        told = call(program, "run", "all", "--plan", tree / f"bench/plans/{plan}.toml", "--dry-run")
        assert re.search(r"^backing +\d+ cases", told, re.MULTILINE), plan
    records = [json.loads(line) for line in (run / "backing.jsonl").open()]
    assert {r["status"] for r in records} == {"ok"}
    kinds = {r["case"].get("backing", "memfd") for r in records}
    assert len(kinds) == 4 and {r["case"]["message_bytes"] for r in records} == {64, 4096}


@grown.needs_ninja
def test_a_figure_is_a_script_and_its_name(tree, run, tmp_path):
    alone = tmp_path / "alone"
    call(tree / "analysis/backing.py", run, "-o", alone)
    rows = (alone / "backing.csv").read_text().splitlines()
    assert len(rows) == 1 + 4 * 2 and rows[0].startswith("case,p50_ns")
    assert {file.suffix for file in alone.glob("backing.*")} == {".svg", ".pdf", ".png", ".csv"}
    call(tree / "analysis/report.py", run, "-o", tmp_path / "report", "--quiet")
    page = (tmp_path / "report/report.html").read_text()
    assert "Round trip by kind of shared memory" in page and "backing.py" in page


def test_the_experiment_can_be_compiled_together_with_others(tree):
    both = '#include "bench/backing.cpp"\n#include "bench/window.cpp"\n'
    compiler = os.environ["IPCMARK_CXX"]
    call(compiler, "-std=c++20", "-fsyntax-only", "-I", tree, "-x", "c++", "-", input=both)


def test_the_examples_are_formatted_as_the_tree_is(tree):
    if not (program := shutil.which("clang-format")):
        pytest.skip("no clang-format here")
    call(program, "--dry-run", "-Werror", tree / "bench/backing.cpp")
    assert not (SOURCE / "bench/backing.cpp").exists()
