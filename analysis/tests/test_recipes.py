"""The CI recipes: their own lines are run, in a checkout whose measuring is a copy of a synthetic run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "nightly.yml"
RECIPES = ROOT / ".ci" / "recipes"
UNITS = [RECIPES / f"ipcmark-nightly.{kind}" for kind in ("service", "timer")]
if not WORKFLOW.exists():
    pytest.skip("an installed analysis has no recipes", allow_module_level=True)
yaml = pytest.importorskip("yaml", reason="python3-yaml is not installed")

# Measuring and measuring again take a machine and hours; .ci/run does both for real, on the smoke plan.
DOUBLES = {
    "run_all.sh": """#!/bin/bash
echo "run_all.sh $*" >>"$CALLS"
while [ "$1" != --out ]; do shift; done
[ "${FOLDER_MADE:-1}" = 0 ] || cp -r "$SYNTHETIC" "$2"
exit "${MEASURED:-0}"
""",
    "analysis/gate.py": """#!/bin/bash
echo "gate.py $*" >>"$CALLS"
echo '{"verdict": "'"${VERDICT:-CLEARED}"'", "said": "so it is", "exit_code": '"${JUDGED:-0}"'}' >"$1/gate.json"
exit "${JUDGED:-0}"
""",
    "analysis/trend.py": """#!/bin/bash
echo "trend.py $*" >>"$CALLS"
""",
}  # fmt: skip


@dataclass(frozen=True)
class Checkout:
    """A tree with the real nightly script and exports, and a folder for results beside it."""

    root: Path
    results: Path
    environment: dict[str, str]

    def bash(self, line: str, **more: str) -> int:
        """A line as CI's shell runs it; its exit code."""
        command = ["bash", "-eo", "pipefail", "-c", line]
        return subprocess.run(command, cwd=self.root, env={**self.environment, **more}).returncode

    def calls(self) -> list[str]:
        file = self.root / "calls"
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def checkout(small_run: Path, tmp_path: Path) -> Checkout:
    root, results = tmp_path / "checkout", tmp_path / "results"
    (root / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "nightly", root / ".ci")
    (root / "analysis").mkdir()
    for file in [*(ROOT / "analysis").glob("*.py"), ROOT / "analysis" / "exports"]:
        if f"analysis/{file.name}" not in DOUBLES:
            (root / "analysis" / file.name).symlink_to(file)
    for name, text in DOUBLES.items():
        (root / name).write_text(text)
        (root / name).chmod(0o755)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "CALLS": str(root / "calls"),
                   "SYNTHETIC": str(small_run), "IPCMARK_RESULTS": str(results)}  # fmt: skip
    return Checkout(root, results, environment)


@pytest.fixture(scope="module")
def small_run(run_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first launches of one experiment: what is tested is not its numbers."""
    folder = tmp_path_factory.mktemp("night") / "run"
    folder.mkdir()
    lines = (run_dir / "latency.jsonl").read_text().splitlines(keepends=True)[:20]
    (folder / "latency.jsonl").write_text("".join(lines))
    for paper in ("manifest.json", "environment.json"):
        shutil.copy(run_dir / paper, folder)
    (folder / "report.html").write_text("<html></html>")
    return folder


def github_steps() -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    document = yaml.safe_load(WORKFLOW.read_text())
    job = document["jobs"]["nightly"]
    return document, job, job["steps"]


def filled(text: str, environment: dict[str, str]) -> str:
    """GitHub's expressions replaced by what they stand for; an unknown one is an error."""
    known = {"github.run_id": "7", "github.run_attempt": "1", "vars.IPCMARK_RUNNER": "metal"}
    known["vars.IPCMARK_RESULTS || '/var/lib/ipcmark/results'"] = environment["IPCMARK_RESULTS"]
    known |= {f"env.{k}": v for k, v in environment.items()}
    return re.sub(r"\$\{\{ (.*?) \}\}", lambda m: known[m[1]], text)


def test_githubs_lines_measure_judge_summarise_and_leave_the_artifact(checkout: Checkout) -> None:
    _, job, steps = github_steps()
    environment = {k: filled(v, checkout.environment) for k, v in job["env"].items()}
    page = checkout.root / "page.md"
    for line in (step["run"] for step in steps if "run" in step):
        assert checkout.bash(line, **environment, GITHUB_STEP_SUMMARY=str(page)) == 0, line
    assert page.read_text().startswith("## ipcmark: synthetic\n\n**CLEARED**: so it is\n")
    night = checkout.results / "night-7-1"
    assert checkout.calls()[0] == f"run_all.sh --plan nightly --out {night}"
    [upload] = [s["with"] for s in steps if s.get("uses", "").startswith("actions/upload-artifact")]
    paths = filled(upload["path"], {**checkout.environment, **environment}).split()
    assert len(paths) == 4 and paths[0] == f"{night}/exports/"
    for path in paths:
        assert Path(path).exists() or path.endswith("summary.json")  # which report.py writes


def test_gitlabs_lines_leave_the_artifacts_and_reports_they_name(checkout: Checkout) -> None:
    job = yaml.safe_load((RECIPES / "gitlab-ci.yml").read_text())["nightly"]
    environment = {k: Template(v).substitute(CI_JOB_ID="7") for k, v in job["variables"].items()}
    environment["IPCMARK_RESULTS"] = str(checkout.results)
    for line in job["script"] + job["after_script"]:
        assert checkout.bash(line, **environment) == 0, line
    for path in [*job["artifacts"]["paths"], *job["artifacts"]["reports"].values()]:
        assert (checkout.root / path).exists(), path
    assert checkout.calls()[0].endswith(f"--out {checkout.results}/night-7")


def test_the_service_runs_with_nothing_but_what_systemd_gives_it(checkout: Checkout) -> None:
    unit = UNITS[0].read_text()
    [command] = re.findall(r"^ExecStart=/opt/ipcmark/(.*)$", unit, re.MULTILINE)
    given = dict(
        line.split("=", 1) for line in re.findall(r"^Environment=(.*)$", unit, re.MULTILINE)
    )
    assert given == {"IPCMARK_RESULTS": "/var/lib/ipcmark/results"}
    assert re.search(r"^User=", unit, re.MULTILINE)  # else there is no HOME
    assert checkout.bash(shlex.join([f"./{command}"])) == 0
    [night] = checkout.results.glob("night-*")
    assert (night / "exports" / "summary.md").exists()


@pytest.mark.parametrize("measured, judged, expected", [(4, 0, 4), (4, 1, 1), (1, 0, 4)])
def test_a_night_ends_with_the_gates_code_then_the_runs_and_always_with_exports(
    measured: int, judged: int, expected: int, checkout: Checkout
) -> None:
    told = {"MEASURED": str(measured), "JUDGED": str(judged), "VERDICT": "REGRESSED"}
    assert checkout.bash(".ci/nightly", **told) == expected
    [night] = checkout.results.glob("night-*")
    assert "**REGRESSED**" in (night / "exports" / "summary.md").read_text()


def test_a_script_that_breaks_does_not_end_as_a_regression_does(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    import command

    monkeypatch.setattr(command.signal, "signal", lambda *_: None)
    assert command.ended(lambda: [][0]) == 4
    assert "IndexError" in capsys.readouterr().err


def test_a_gate_that_broke_found_no_regression(checkout: Checkout) -> None:
    assert checkout.bash(".ci/nightly", JUDGED="1", VERDICT="") == 4


def test_a_night_that_cannot_keep_its_results_does_not_either(checkout: Checkout) -> None:
    checkout.results.write_text("a file")
    assert checkout.bash(".ci/nightly") == 3


def test_a_night_that_was_stopped_is_neither_judged_nor_pruned(checkout: Checkout) -> None:
    assert checkout.bash(".ci/nightly", MEASURED="130", FOLDER_MADE="0") == 130
    assert len(checkout.calls()) == 1


def test_options_reach_everything_that_a_night_calls(checkout: Checkout, small_run: Path) -> None:
    shutil.copytree(small_run, checkout.results / "older")
    run = checkout.results / "tonight"
    limits = {"IPCMARK_PLAN": "smoke", "IPCMARK_KEEP": "1", "IPCMARK_DAYS": "99999"}
    assert checkout.bash(f".ci/nightly {run} --tune", **limits) == 0
    calls = checkout.calls()
    assert calls[0] == f"run_all.sh --plan smoke --out {run} --tune"
    assert len([p for p in checkout.results.iterdir() if p.name in ("older", "tonight")]) == 1
    gate = pytest.importorskip("gate", reason="no gate in this tree")
    trend = pytest.importorskip("trend", reason="no trend in this tree")
    for module, call in zip((gate, trend), calls[1:]):
        module.options(shlex.split(call)[1:])  # exits where it does not know one


def test_the_workflow_is_what_github_takes_and_no_stranger_reaches_the_runner() -> None:
    document, job, steps = github_steps()
    triggers = document[True]  # YAML 1.1 reads `on` as true
    assert set(triggers) == {"schedule", "workflow_dispatch"}  # and no pull_request
    assert all(re.fullmatch(r"(\d+ ){2}\* \* \*", entry["cron"]) for entry in triggers["schedule"])
    assert set(document) == {"name", True, "permissions", "concurrency", "jobs"}
    assert document["concurrency"] == {"group": "ipcmark-bare-metal", "cancel-in-progress": False}
    assert document["permissions"] == {"contents": "read"} and job["runs-on"][0] == "self-hosted"
    assert set(job) <= {"if", "runs-on", "timeout-minutes", "env", "steps"}
    for step in steps:
        assert ("uses" in step) != ("run" in step) and set(step) <= {
            "name",
            "if",
            "uses",
            "run",
            "with",
        }
        assert "uses" not in step or re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])
        assert "${{" not in step.get("run", "")  # expressions in shell are injections


def test_what_is_emulated_weekly_is_what_contributors_run() -> None:
    document = yaml.safe_load((WORKFLOW.parent / "arm64.yml").read_text())
    assert set(document) == {"name", True, "permissions", "jobs"}
    assert set(document[True]) == {"schedule", "workflow_dispatch"}
    [entry] = document[True]["schedule"]
    assert re.fullmatch(r"(\d+ ){2}\* \* [0-6]", entry["cron"])  # weekly
    job = document["jobs"]["arm64"]
    assert set(job) == {"runs-on", "container", "timeout-minutes", "steps"}
    lines = [step["run"] for step in job["steps"] if "run" in step]
    assert lines[-1] == ".ci/arm64" and f"`{lines[-1]}`" in (ROOT / "CONTRIBUTING.md").read_text()
    assert os.access(ROOT / lines[-1], os.X_OK)


def test_the_lines_of_both_recipes_are_clean_shell() -> None:
    if not shutil.which("shellcheck"):
        pytest.skip("no shellcheck here")
    _, _, steps = github_steps()
    job = yaml.safe_load((RECIPES / "gitlab-ci.yml").read_text())["nightly"]
    lines = [step["run"] for step in steps if "run" in step] + job["script"] + job["after_script"]
    done = subprocess.run(["shellcheck", "--shell=bash", "-"], input="\n".join(lines), text=True, capture_output=True)  # fmt: skip
    assert len(lines) == 4 and done.returncode == 0, done.stdout


def test_the_gitlab_job_is_what_gitlab_takes() -> None:
    document = yaml.safe_load((RECIPES / "gitlab-ci.yml").read_text())
    job = document["nightly"]
    known = {"rules", "tags", "resource_group", "interruptible", "timeout", "variables", "script"}
    assert set(document) == {"nightly"} and set(job) == known | {"after_script", "artifacts"}
    assert all(isinstance(line, str) for line in job["script"] + job["after_script"])
    assert job["artifacts"]["when"] == "always" and "schedule" in job["rules"][0]["if"]


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze here")
    for unit in UNITS:
        text = unit.read_text().replace("/opt/ipcmark", str(ROOT))
        (tmp_path / unit.name).write_text(text)
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no"]
    done = subprocess.run(
        [*command, *(tmp_path / u.name for u in UNITS)], capture_output=True, text=True
    )
    ours = [line for line in done.stderr.splitlines() if "ipcmark" in line]
    assert done.returncode == 0 and not ours, done.stderr
    calendar = re.search(r"^OnCalendar=(.*)$", UNITS[1].read_text(), re.MULTILINE)[1]
    subprocess.run(["systemd-analyze", "calendar", calendar], check=True, capture_output=True)


def test_logrotate_accepts_its_file(tmp_path: Path) -> None:
    if not (program := shutil.which("logrotate", path=f"{os.environ['PATH']}:/usr/sbin")):
        pytest.skip("no logrotate here")
    (tmp_path / "nightly.log").write_text("a night\n")
    config = tmp_path / "config"
    config.write_text(
        (RECIPES / "logrotate").read_text().replace("/var/log/ipcmark", str(tmp_path))
    )
    config.chmod(0o644)
    tmp_path.chmod(0o755)
    command = [program, "--force", "--state", tmp_path / "state", config]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert (tmp_path / "nightly.log.1").read_text() == "a night\n"
