"""Exports hold every number that a run has and no other: nothing skipped, nothing infinite, whatever the run is like."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

import export
import records
from exports import markdown, rows
from record import Record
from synthetic import BASE

GOLDEN = Path(__file__).parents[2] / "results" / "reference" / "golden"
NOT_A_NUMBER = re.compile(r"(?<![A-Za-z_])(nan|inf|infinity)(?![A-Za-z_])", re.IGNORECASE)
NEUTRAL = {k: v for k, v in BASE.items() if k not in ("transport", "pattern", "message_bytes", "wait")}  # fmt: skip


@pytest.fixture(scope="module")
def mixed(run_dir: Path) -> records.Run:
    """Pipe alone, with what was skipped, failed, overloaded and counted; a name says what is not neutral."""
    whole = records.load(run_dir)
    told = {"posix_mq": ("latency",), "tcp": ("latency",)}
    whole.records = [r for r in whole.records if r.transport in ("pipe", "hybrid_pipe")
                     or r.experiment in told.get(r.transport, ())]  # fmt: skip
    for record in whole.of("batching", batch=1):
        record.values["overloaded"] = 1
    whole.manifest = {**whole.manifest, "neutral": NEUTRAL}
    return whole


@pytest.fixture(scope="module")
def texts(mixed: records.Run) -> dict[str, str]:
    """Every format's text, files of a folder after one another."""
    made = {name: export.convert(mixed, name) for name in export.FORMATS}
    return {n: t if isinstance(t, str) else "\n".join(t.values()) for n, t in made.items()}


@pytest.mark.parametrize("name", export.FORMATS)
def test_nothing_is_nan_or_infinite(name: str, texts: dict[str, str]) -> None:
    encoded = re.compile(r",HIST\S+$", re.MULTILINE)  # base64 may spell anything
    assert not NOT_A_NUMBER.search(encoded.sub("", texts[name]))
    assert len(texts[name]) > 1000


def test_what_was_skipped_is_never_a_number(mixed: records.Run, texts: dict[str, str]) -> None:
    absent = [r.name for r in rows.of_run(mixed) if r.interval is None]
    assert any("posix_mq" in name for name in absent)
    assert any(r.reason == rows.OVERLOADED for r in rows.of_run(mixed))
    for name in ("google-launches", "google-cases", "bmf", "openmetrics", "hgrm", "hlog"):
        quoted = re.split(r'["=,\s]', texts[name])
        assert not set(absent) & set(quoted), name
    for row in csv.DictReader(io.StringIO(texts["csv"])):
        if row["status"] != "ok":
            assert row["reason"] and not row["value"] and not row["p50_ns"] and not row["messages"]
        if row["name"] in absent:
            assert not row["value"]


def test_every_case_with_a_number_is_in_every_format(
    mixed: records.Run, texts: dict[str, str]
) -> None:
    good = {r.name for r in rows.of_run(mixed) if r.interval}
    timed = {r.name for r in rows.of_run(mixed) if r.interval and r.cpu_ns == r.cpu_ns}
    assert set(json.loads(texts["bmf"])) == good
    for name in ("google-launches", "google-cases"):
        assert {b["name"] for b in json.loads(texts[name])["benchmarks"]} == timed
    assert good <= set(re.findall(r'case="([^"]+)"', texts["openmetrics"]))
    assert good <= {c.get("name") for c in ElementTree.fromstring(texts["junit"]).iter("testcase")}
    cells = csv.DictReader(io.StringIO(texts["csv"]))
    assert good <= {row["name"] for row in cells if row["value"]}


def test_the_numbers_are_the_summarys(mixed: records.Run, texts: dict[str, str]) -> None:
    import summary

    entries = {rows.name("latency", rows.short_case(e["case"], NEUTRAL)): e
               for e in summary.build(mixed)["latency"] if e["case"]["path"] != "auto"}  # fmt: skip
    bmf = json.loads(texts["bmf"])
    assert entries
    for name, entry in entries.items():
        at = bmf[name]["latency"]
        assert at["value"] == pytest.approx(entry["median"], rel=1e-6)
        assert at.get("lower_value") == (entry["lo"] and pytest.approx(entry["lo"], rel=1e-6))


def test_a_superseded_launch_counts_nowhere_but_in_the_table(mixed: records.Run) -> None:
    one = next(r for r in mixed.records if r.ok and r.experiment == "latency")
    run = records.Run(mixed.path, mixed.manifest, mixed.environment, list(mixed.records), [])
    run.records[run.records.index(one)] = dataclasses.replace(one, superseded=True)
    row = next(r for r in rows.of_run(run) if r.name == _row_of(mixed, one).name)
    assert row.interval.n == _row_of(mixed, one).interval.n - 1
    told = list(csv.DictReader(io.StringIO(export.convert(run, "csv"))))
    assert sum(row["superseded"] == "1" for row in told) == 1


def _row_of(run: records.Run, record: Record) -> rows.Row:
    return next(row for row in rows.of_run(run) if any(r is record for r in row.records))


def test_names_are_unique_and_outlive_an_axis_that_is_invented_later(mixed: records.Run) -> None:
    names = [row.name for row in rows.of_run(mixed)]
    assert len(names) == len(set(names)) and "latency/pipe/ping/64/wait:block" in names  # fmt: skip
    later = records.Run(mixed.path, {**mixed.manifest, "neutral": {**NEUTRAL, "colour": "red"}}, {}, [], [])  # fmt: skip
    for record in mixed.records:
        raw = {**record.raw, "case": {**record.case, "colour": "red"}}
        later.records.append(dataclasses.replace(record, raw=raw))
    assert [row.name for row in rows.of_run(later)] == names


def test_cases_of_two_metrics_are_told_apart(mixed: records.Run) -> None:
    one = next(r for r in mixed.records if r.ok and r.experiment == "latency")
    other = {**one.raw, "metric": {**one.metric, "verified": False}}
    run = records.Run(
        mixed.path, mixed.manifest, {}, [one, dataclasses.replace(one, raw=other, where="x:1")], []
    )
    assert {row.name.rsplit("/", 1)[1] for row in rows.of_run(run)} == {"verified:True", "verified:False"}  # fmt: skip


def test_junit_tells_skipped_and_failed_with_their_reasons(texts: dict[str, str]) -> None:
    root = ElementTree.fromstring(texts["junit"])
    skipped = {s.get("message") for s in root.iter("skipped")}
    assert "mq_open: Invalid argument" in skipped and rows.OVERLOADED in skipped
    failed = [f.get("message") for f in root.iter("failure")]
    assert failed == ["1 of 6 launches failed: server: killed by signal 9"]
    assert root.get("failures") == "1" and int(root.get("skipped")) == len(
        list(root.iter("skipped"))
    )


GATE = {
    "schema": 1, "verdict": "REGRESSED", "exit_code": 1, "said": "1 of 40 series became slower",
    "finding": [
        {"series": ["latency", "p99", json.dumps({"transport": "tcp", "pattern": "ping", "message_bytes": 8}),
                    "{}"], "verdict": "SUSPECT", "effect": 0.04, "ratio": None, "lo": None, "hi": None,
         "reason": "baseline missing"},
        {"series": ["latency", "p50", json.dumps({"transport": "pipe", "pattern": "ping", "message_bytes": 64}),
                    "{}"], "verdict": "REGRESSED", "effect": 0.3, "ratio": 1.31, "lo": 1.28, "hi": 1.33, "reason": ""},
    ],
}  # fmt: skip


def test_the_gates_verdict_comes_first(mixed: records.Run, tmp_path: Path) -> None:
    (tmp_path / "gate.json").write_text(json.dumps(GATE))
    run = records.Run(tmp_path, mixed.manifest, mixed.environment, mixed.records, [])
    page = export.convert(run, "markdown")
    assert page.splitlines()[2] == "**REGRESSED**: 1 of 40 series became slower"
    worst = (
        "| REGRESSED | +31.0 % \\[+28.0 %, +33.0 %\\] the same night | latency/pipe/ping/64 (p50) |"
    )
    assert page.index(worst) < page.index("| SUSPECT | +4.0 % against the nights before; baseline missing")  # fmt: skip
    suite = ElementTree.fromstring(export.convert(run, "junit"))[0]
    assert suite.get("name") == "gate" and suite.get("failures") == "2"
    assert [c.get("name") for c in suite.iter("testcase")] == ["verdict", "latency/pipe/ping/64 (p50)"]  # fmt: skip


@pytest.mark.parametrize(
    "paper", ["", "[]", '{"verdict": 3}', '{"verdict": "CLEARED", "finding": 7}']
)
def test_a_damaged_verdict_is_no_verdict_but_no_crash(
    paper: str, mixed: records.Run, tmp_path: Path
) -> None:
    (tmp_path / "gate.json").write_text(paper)
    run = records.Run(tmp_path, mixed.manifest, mixed.environment, mixed.records[:40], [])
    assert "REGRESSED" not in export.convert(run, "markdown") + export.convert(run, "junit")


def test_the_summary_fits_at_five_thousand_cases_and_says_what_it_left_out(
    mixed: records.Run, tmp_path: Path
) -> None:
    one = next(r for r in mixed.records if r.ok and r.experiment == "latency")
    run = records.Run(tmp_path, mixed.manifest, mixed.environment, [], [])
    for at in range(5000):
        case = {**one.case, "message_bytes": at + 1, "remark": "long " * 60}
        bad = {
            "status": "failed",
            "reason": f"reason {at} " * 900,
            "windows": None,
            "histograms": {},
        }
        raw = {**one.raw, "case": case, "launch_id": f"b000-l{at}", **(bad if at % 3 == 0 else {})}
        run.records.append(dataclasses.replace(one, raw=raw, where=f"x:{at}"))
    (tmp_path / "summary.json").write_text(json.dumps(_summary(run)))
    page = export.convert(run, "markdown")
    assert 500_000 < len(page.encode()) < 1 << 20
    assert page.index("Failed and skipped") < page.index("all cases")
    assert re.search(r"\d+ more are not shown", page) and page.endswith("</details>\n")


def _summary(run: records.Run) -> dict:
    return {"run": run.name, "verdict": "v", "crossover": [], "latency": [], "throughput": [],
            "counts": {}, "doubts": [{"check": "c", "message": "m", "remedy": "r"}] * 5000}  # fmt: skip


def test_words_of_strangers_cannot_break_a_table_or_link_anywhere() -> None:
    cell = markdown._cells(["a|b\n| c <img src=x> [l](http://h) `x` _em_ a_b"])
    assert cell == "| a\\|b \\| c &lt;img src=x> \\[l\\](http://h) \\`x\\` \\_em\\_ a_b |"


def test_reasons_that_xml_cannot_hold_are_still_xml(mixed: records.Run, tmp_path: Path) -> None:
    bad = next(r for r in mixed.records if r.status == "skipped")
    raw = {**bad.raw, "reason": "open: \x00\x1b[31m <&> \ud800"}
    run = records.Run(tmp_path, mixed.manifest, mixed.environment, [Record(raw, "x:1")], [])
    skipped = next(ElementTree.fromstring(export.convert(run, "junit").encode()).iter("skipped"))
    assert skipped.get("message") == "open: ??[31m <&> ?"


def test_the_golden_run_is_exported_whole(tmp_path: Path) -> None:
    assert export.main([str(GOLDEN), "--format", "all", "-o", str(tmp_path)]) == 0
    assert {p.name for p in tmp_path.iterdir()} == {
        usual for _, _, usual in export.FORMATS.values()
    }


def test_nothing_usable_is_still_every_format(mixed: records.Run, tmp_path: Path) -> None:
    bad = [r for r in mixed.records if r.status == "skipped"]
    run = records.Run(tmp_path, {}, {}, bad, [])
    for name in export.FORMATS:
        made = export.convert(run, name)
        assert isinstance(made, (str, dict)) and not NOT_A_NUMBER.search(str(made))


def test_several_formats_lie_in_a_folder_under_their_usual_names(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert export.main([str(GOLDEN), "--format", "junit,markdown,hgrm", "-o", str(tmp_path)]) == 0
    assert {p.name for p in tmp_path.iterdir()} == {"junit.xml", "summary.md", "hgrm"}
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / n) for n in ("junit.xml", "summary.md", "hgrm")]  # fmt: skip


@pytest.mark.parametrize(
    "arguments, said",
    [
        ((GOLDEN, "--format", "xlsx"), "--format xlsx: unknown; one of google-launches, google-cases, bmf,"),
        ((GOLDEN, "--format", "bmf,"), "--format : unknown; one of"),
        ((GOLDEN, "--format", "bmf,csv"), "several formats: -o DIR says where"),
        ((GOLDEN, "--format", "hgrm"), "--format hgrm makes"),
        (("/nowhere", "--format", "bmf"), "/nowhere: not a run folder"),
        ((GOLDEN, "--format", "bmf", "-o", "/dev/null/x"), "/dev/null: "),
        ((GOLDEN, "--format", "csv", "-o", "/dev/full"), "/dev/full: No space left on device"),
    ],
)  # fmt: skip
def test_bad_usage_is_one_line_and_exit_2(
    arguments: tuple, said: str, capsys: pytest.CaptureFixture
) -> None:
    assert export.main([str(a) for a in arguments]) == 2
    shown = capsys.readouterr()
    assert (
        shown.err.startswith(f"export.py: {said}") and shown.err.count("\n") == 1 and not shown.out
    )
