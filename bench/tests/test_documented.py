"""Every command that README, folder READMEs, recipes, scripts and help tell people to type is run, and works.

documented.py finds them, documented_rules.py says what is made smaller or run elsewhere: a new command is run as it
stands unless a rule is written for it.
"""

from __future__ import annotations

import json
import re
import shlex

import jinja2  # noqa: F401  # loaded once, here, for all the scripts that are forked
import matplotlib
import numpy  # noqa: F401
import pytest
import scipy.optimize  # noqa: F401
import scipy.stats  # noqa: F401

import documented
import documented_rules as rules
from documented import Said
from documented_sandbox import SOURCE, Sandbox

matplotlib.use("agg")
import matplotlib.pyplot  # noqa: E402,F401

SAID = documented.said(SOURCE)
COMMANDS = sorted({one.text: one for one in SAID if one.is_command}.values(), key=lambda c: c.where)
NAMES = [s for s in SAID if not s.is_command and "/" in s.text and s.text not in rules.ADDED]
# Each is wrong in its own way; none may pass.
PLANTED = {
    "ipcmark run latncy": "did you mean `latency`",
    "ipcmark run latency --mesage-bytes 64": "--message-bytes",
    "ipcmark run all --plan nigthly": "nightly",
    "ipcmark run --idle c1": "name an experiment",
    "ipcmrk list": "command not found",
    "analysis/reprot.py RUN": "No such file",
    "analysis/records.py RUN": "cannot be run",
    "analysis/claims.py RUN_DIR [--jsn]": "--jsn",
    "analysis/export.py RUN_DIR --format csv|xml": "xml",
    "analysis/peers.py --par 3 --often": "does not know ['--par', '--often']",
    "./run_all.sh tset": "unknown experiment",
    "ctest --preset release -L conformnce": "Total Tests: 0",
    "ipcmark-analysis latncy RUN": "usage",
}


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    return Sandbox(tmp_path_factory.mktemp("documented") / "tree")


def complaint(command: str, sandbox: Sandbox) -> str:
    """Empty where each of a command's alternatives works; a program that is not built skips the test."""
    for typed in rules.filled(command):
        small = rules.made_small(typed)
        first = small.split()[0]
        if first.startswith("build/release/") and not (sandbox.root / first).exists():
            pytest.skip(f"{first} is not built here")
        code, said = sandbox.once(small)
        if code not in rules.ends(small) or rules.NOTHING in said:
            return f"{small}: {code}\n{said[-2000:]}"
        options = [w.split("=")[0] for w in shlex.split(typed) if w.startswith("--")]
        if small.endswith(" --help") and (unknown := [o for o in options if o not in said]):
            return f"{typed}: {small} does not know {unknown}"
    return ""


@pytest.mark.parametrize("one", COMMANDS, ids=lambda one: one.text)
def test_a_documented_command_works(one: Said, sandbox: Sandbox) -> None:
    if one.text in rules.ELSEWHERE:
        file, words = rules.ELSEWHERE[one.text]
        assert words in (SOURCE / file).read_text(), f"{file} does not run {one.text}"
        return
    if one.text in rules.NEVER:
        pytest.skip(rules.NEVER[one.text])
    assert not (wrong := complaint(one.text, sandbox)), f"{one.where}: {wrong}"


@pytest.mark.parametrize("command", PLANTED)
def test_a_wrong_command_is_found(command: str, sandbox: Sandbox) -> None:
    assert PLANTED[command] in complaint(command, sandbox)


@pytest.mark.parametrize("one", NAMES, ids=lambda one: f"{one.text} in {one.where}")
def test_a_file_that_is_named_is_there(one: Said) -> None:
    for name in rules.files(one.text):
        assert name.startswith("build/") or list(SOURCE.glob(name)), f"{one.where}: no {name}"


def test_every_link_between_documents_leads_somewhere() -> None:
    assert not documented.dead_links(SOURCE)


def test_the_tables_have_every_experiment(sandbox: Sandbox) -> None:
    listed = json.loads(sandbox.once("ipcmark list experiments --json")[1])["experiments"]
    readme, schema = (SOURCE / "README.md").read_text(), (SOURCE / "results/README.md").read_text()
    for name in (entry["name"] for entry in listed):
        assert f"\n| `{name}` | " in readme, name
        assert f"`{name}`" in schema.split("| `experiment` |")[1].split("\n")[0], name


def test_every_value_that_the_help_says_an_option_takes_is_taken(sandbox: Sandbox) -> None:
    _, text = sandbox.once("ipcmark run --help")
    options = documented.options(text)
    assert len(options) > 60
    for name, values in options.items():
        code, said = sandbox.once(f"ipcmark run latency --plan smoke --dry-run {name} '{values}'")
        assert code == 0, f"{name} {values}: {said}"


def test_commands_are_found_where_they_stand() -> None:
    text = "```\nipcmark list   what\n\n./x y\n```\n`ipcmark\nclean`, `find(x)`, `bench/x.cpp`\n```cpp\nx;\n```\n"
    found = documented.of_markdown(text, "README.md")
    assert [one.text for one in found] == ["ipcmark list", "./x y", "ipcmark clean", "bench/x.cpp"]
    assert [one.is_command for one in found] == [True, True, True, False]
    text = 'say("try `ipcmark run all --tune`; or " + x, f"ipcmark run --like {run}");'
    found = documented.of_messages(text, "harness/x.cpp")
    assert [one.text for one in found] == ["ipcmark run all --tune", "ipcmark run --like {run}"]


def test_no_rule_is_left_over() -> None:
    assert {*rules.ELSEWHERE, *rules.NEVER} <= {one.text for one in COMMANDS}
    typed = [small for one in COMMANDS for small in rules.filled(one.text)]
    for pattern, _, _ in rules.SMALLER:
        assert any(re.fullmatch(pattern, command) for command in typed), pattern
