"""compare.py on generated runs: A/A, a planted difference, and what must be refused."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any, Callable

import pytest

import compare
import synthetic

Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two runs of the same thing, other seeds."""
    folder = tmp_path_factory.mktemp("runs")
    return tuple(
        synthetic.generate(folder / str(seed), seed=seed, experiments=("crossover",), samples=20)
        for seed in (1, 2)
    )


def changed(run: Path, to: Path, change: Change) -> Path:
    """A copy of a run with every record changed."""
    to.mkdir()
    for name in ("manifest.json", "environment.json"):
        (to / name).write_text((run / name).read_text())
    records = [json.loads(line) for line in (run / "crossover.jsonl").read_text().splitlines()]
    for record in records:
        change(record)
    (to / "crossover.jsonl").write_text("\n".join(map(json.dumps, records)) + "\n")
    return to


def slow_pipe(record: dict[str, Any]) -> None:
    if record["case"]["transport"] == "hybrid_pipe" and record["windows"]:
        record["windows"]["ns_per_message"] = [
            1.3 * ns for ns in record["windows"]["ns_per_message"]
        ]


def words(capsys: pytest.CaptureFixture[str], *argv: Any) -> list[tuple[str, str]]:
    assert compare.main([*map(str, argv), "--json"]) == 0
    cases = json.loads(capsys.readouterr().out)["cases"]
    return [(case["case"]["transport"], case["word"]) for case in cases]


def test_a_against_a_finds_nothing(runs: tuple[Path, Path], capsys: Any) -> None:
    found = words(capsys, *runs)
    assert len(found) > 50 and not {"slower", "faster"} & {word for _, word in found}


def test_planted_thirty_percent_are_found(runs: Any, tmp_path: Path, capsys: Any) -> None:
    found = words(capsys, runs[0], changed(runs[1], tmp_path / "b", slow_pipe))
    assert {word for name, word in found if name == "hybrid_pipe"} <= {"slower", "few"}
    assert not [name for name, word in found if word == "slower" and name != "hybrid_pipe"]


def test_verdict_and_table_are_for_people(runs: Any, tmp_path: Path, capsys: Any) -> None:
    other = changed(runs[1], tmp_path / "b", slow_pipe)
    assert compare.main([str(runs[0]), str(other)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "hybrid_pipe" in lines[1] and "slower" in lines[1]
    assert "slower, 0 faster of" in lines[-1]


def refusal(capsys: pytest.CaptureFixture[str], *argv: Any) -> str:
    assert compare.main([*map(str, argv)]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    return said[0]


def test_another_metric_is_refused_by_name(runs: Any, tmp_path: Path, capsys: Any) -> None:
    other = changed(runs[1], tmp_path / "b", lambda r: r["metric"].update(touched_by="header"))
    for flags in ([], ["--across-epoch"]):
        assert "touched_by both against header" in refusal(capsys, *runs[:1], other, *flags)


@pytest.mark.parametrize("part, field", [("machine", "cpu_model"), ("epoch", "kernel")])
def test_another_place_is_refused_by_name(
    runs: Any, tmp_path: Path, capsys: Any, part: str, field: str
) -> None:
    other = changed(runs[1], tmp_path / "b", lambda r: None)
    environment = json.loads((other / "environment.json").read_text())
    environment[part] |= {"key": "0000", field: "another"}
    (other / "environment.json").write_text(json.dumps(environment))
    assert f"{part} differs: {field}" in refusal(capsys, runs[0], other)
    if part == "machine":
        assert "machine differs" in refusal(capsys, runs[0], other, "--across-epoch")
    else:
        assert compare.main([str(runs[0]), str(other), "--across-epoch"]) == 0


def test_what_cannot_be_read_is_named(runs: Any, tmp_path: Path, capsys: Any) -> None:
    assert "not a run folder" in refusal(capsys, runs[0], tmp_path / "none")
    other = changed(runs[1], tmp_path / "b", lambda r: None)
    with (other / "crossover.jsonl").open("a") as file:
        file.write("rubbish\n[1]\n" + '{"schema": 1, "experi')
    count = len((other / "crossover.jsonl").read_text().splitlines())
    assert compare.main([str(runs[0]), str(other)]) == 0
    errors = capsys.readouterr().err
    assert f"crossover.jsonl:{count - 2}: " in errors and f"crossover.jsonl:{count}: " in errors
    (other / "environment.json").unlink()
    assert compare.main([str(runs[0]), str(other)]) == 2


def test_only_restricts(runs: Any, capsys: Any) -> None:
    assert {n for n, _ in words(capsys, *runs, "--only", "transport=hybrid_tcp")} == {"hybrid_tcp"}
    assert "no such cases" in refusal(capsys, *runs, "--only", "transport=typo")


@pytest.mark.parametrize(
    "flag, value",
    [("--margin", "-1"), ("--margin", "nan"), ("--margin", "inf"), ("--rate", "nan"), ("--rate", "2"), ("--rate", "x")],
)  # fmt: skip
def test_a_number_that_cannot_be_is_one_line_and_exit_2(
    runs: Any, capsys: Any, flag: str, value: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        compare.main([*map(str, runs), flag, value])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and said.count("\n") == 1 and f"{flag}: {value}: a number" in said


@pytest.mark.parametrize("script", ["compare", "gate", "export", "history", "report"])
def test_bad_usage_is_one_line_and_exit_2(script: str, capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(script).main(["--nonsense"])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and said.count("\n") == 1 and "--help" in said
