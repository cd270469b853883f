"""The report: complete on a whole run, honest on a poor one, never broken by what is missing."""

from __future__ import annotations

import html
import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

import doubts
import headline
import known_delay
import made_records
import ranking
import records
import report
import summary as summary_of
import synthetic
from conftest import Made
from records import Record, Run

ANALYSIS = Path(report.__file__).parent


@pytest.fixture(scope="module")
def summary(made: Made) -> dict:
    return json.loads((made.folder / "summary.json").read_text())


def test_the_page_needs_nothing_from_outside(made: Made) -> None:
    text = (made.folder / "report.html").read_text()
    assert not re.findall(r'(?:src|href)="(?!#)[^"]*"|@import|url\((?!#)', text)
    assert text.count("<svg") >= 7 and "prefers-color-scheme: dark" in text


def test_ids_do_not_collide(made: Made) -> None:
    ids = re.findall(r'\bid="([^"]+)"', (made.folder / "report.html").read_text())
    assert len(ids) == len(set(ids))


def test_T_of_each_queue_is_found(summary: dict) -> None:
    found = {e["queue"]: e for e in summary["crossover"] if e["metric"] == "p50"}
    assert found["pipe"]["status"] == "ok"
    for queue in ("pipe", "unix_stream"):
        assert found[queue]["T_bytes"] == pytest.approx(synthetic.true_T(queue), rel=0.06)
        assert found[queue]["lo"] <= found[queue]["T_bytes"] <= found[queue]["hi"]
    assert found["posix_mq"]["status"] == "none" and found["posix_mq"]["winner"] == "queue"
    assert found["tcp"]["status"] == "several" and len(found["tcp"]["crossings"]) == 2


def test_none_and_several_are_said_in_words(made: Made, summary: dict) -> None:
    assert "never over posix_mq" in summary["verdict"]
    assert "in parts over tcp" in summary["verdict"]
    text = (made.folder / "report.html").read_text()
    assert re.search(r"none: queue at \d+ of \d+ sizes", text) and "several: " in text


def test_auto_is_blamed_where_it_is_worse_and_told_why(summary: dict) -> None:
    stream = [a for a in summary["auto"] if a["hybrid"] == "hybrid_unix_stream"]
    assert {5792, 8192} <= {a["message_bytes"] for a in stream}  # its threshold is 4096, T 15Ki
    assert all("sent through shm, queue is faster" in a["why"] for a in stream)
    assert not [a for a in summary["auto"] if a["hybrid"] == "hybrid_pipe"]  # T is near 4096


def test_what_was_skipped_and_what_failed_is_named(made: Made, summary: dict) -> None:
    text = (made.folder / "report.html").read_text()
    assert "mq_open: Invalid argument" in text and "killed by signal 9" in text
    assert summary["counts"]["failed"] == 1
    assert any(d["check"] == "failed" and d["remedy"] for d in summary["doubts"])


def test_latency_entries_are_the_schemas(summary: dict) -> None:
    entry = summary["latency"][0]
    keys = ["case", "metric", "median", "lo", "hi", "n", "p99", "cpu_ns_per_message"]
    assert list(entry) == keys and entry["lo"] <= entry["median"] <= entry["hi"]


def test_the_terminal_gets_numbers_first_and_doubts_after(made: Made) -> None:
    text = made.printed
    assert text.index("the best at each size") < text.index("\ndoubts") < text.index("report.html")
    assert text.rstrip().endswith("report.html")


@pytest.mark.parametrize("kept", ["latency", "crossover", "timeout"])
def test_missing_experiments_do_not_break_it(run_dir: Path, tmp_path: Path, kept: str) -> None:
    lines = (run_dir / f"{kept}.jsonl").read_text().splitlines(keepends=True)
    mine = [line for line in lines if '"pipe"' in line or '"hybrid_pipe"' in line]
    (tmp_path / f"{kept}.jsonl").write_text("".join(mine))
    assert report.main([str(tmp_path), "--quiet"]) == 0
    found = json.loads((tmp_path / "summary.json").read_text())
    assert not [d for d in found["doubts"] if d["check"] == "figure"]


def test_records_that_the_manifest_counted_and_are_gone_are_a_doubt(run_dir: Path) -> None:
    run = records.load(run_dir)
    assert "counts" not in {d["check"] for d in doubts.doubts(run, 0)}
    whole = run.manifest["cases_ok"]
    run.records = [r for r in run.records if r.status != "ok"] + run.of("latency")[:36]
    [doubt] = [d for d in doubts.doubts(run, 0) if d["check"] == "counts"]
    assert f"{whole} ok in the manifest, 36 in the files" in doubt["message"]


@pytest.mark.parametrize("launches", [1, 5, 6])
def test_nobody_is_ranked_below_the_launches_of_an_interval(narrow: Run, launches: int) -> None:
    kept = [r for r in narrow.of("latency") if r.block < launches]
    few = Run(narrow.path, {}, {}, kept, [])
    said = summary_of.verdict(few)
    _, rows = ranking.columns(ranking.latency(few), str)
    text = " ".join(cell for row in rows for cell in row)
    if launches < 6:
        assert "quickest" not in said and f"nothing is ranked: {launches} of 6 launches" in said
        assert f"not ranked: {launches} of 6 launches" in text
        assert "next" not in text and "≈" not in text
    else:
        assert "is quickest at 64 B" in said and "not ranked" not in text


def delays(found_ns: float) -> list[Record]:
    """Six launches of the null transport: without a delay, and with one of 500 ns that was achieved as 502 ns."""
    axes = {"transport": "null", "wait": "spin"}
    values = {"delay_requested_ns": 500.0, "delay_achieved_ns": 502.0}
    plain = made_records.made("instrument", 4, delay_ns=0, **axes)
    return plain + made_records.made(
        "instrument", 4 + found_ns, delay_ns=500, values=values, **axes
    )


@pytest.mark.parametrize("found_ns, within", [(500, True), (509, True), (515, False), (480, False)])
def test_a_known_delay_is_found_within_a_quantum_or_one_percent(
    found_ns: float, within: bool
) -> None:
    run = Run(Path("made"), {"clock": {"quantum_ns": 10.0}}, {}, delays(found_ns), [])
    [row] = known_delay.rows(run)
    assert (row["injected_ns"], row["achieved_ns"], row["n"]) == (500, 502, 6)
    assert row["lo"] <= row["found_ns"] <= row["hi"] and row["within"] == within
    assert ("1 of 1" in summary_of.verdict(run)) == within
    assert known_delay.table([row])[0][-1].startswith("yes" if within else "no")
    assert any(d["check"] == "instrument" for d in doubts.doubts(run, 0)) != within


def test_a_run_of_the_instrument_alone_shows_what_it_found(tmp_path: Path) -> None:
    lines = "".join(json.dumps(r.raw) + "\n" for r in delays(500))
    (tmp_path / "instrument.jsonl").write_text(lines)
    assert report.main([str(tmp_path), "--quiet"]) == 0
    [row] = json.loads((tmp_path / "summary.json").read_text())["instrument"]
    assert row["within"] and 'id="instrument"' in (tmp_path / "report.html").read_text()


def test_nothing_usable_is_still_a_report(run_dir: Path, tmp_path: Path) -> None:
    lines = [json.loads(x) for x in (run_dir / "latency.jsonl").read_text().splitlines()]
    bad = [x for x in lines if x["status"] != "ok"]
    (tmp_path / "latency.jsonl").write_text("".join(json.dumps(x) + "\n" for x in bad))
    assert report.main([str(tmp_path), "--quiet"]) == 0
    assert "nothing to judge" in (tmp_path / "report.html").read_text()


def test_no_run_is_one_line_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert report.main([str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_one_line_and_exit_2(
    run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    out = tmp_path / "file" / "out"
    assert report.main([str(run_dir), "-o", str(out)]) == 2
    said = capsys.readouterr().err
    assert said == f"report.py: {out}: cannot write there: Not a directory\n"


def test_one_reason_at_many_sizes_is_one_row(run_dir: Path) -> None:
    run = records.load(run_dir)
    refused = [r for r in run.records if r.status == "skipped" and r.experiment == "latency"]
    for record in refused:
        record.raw["reason"] = f"mq_open: no (message_bytes {record.message_bytes}; max 8192)"
    rows = [
        a for a in headline.absent(run) if a["experiment"] == "latency" and a["status"] == "skipped"
    ]
    assert {a["reason"] for a in rows} == {"mq_open: no (message_bytes …; max 8192)"}
    assert all(a["least"] < a["most"] for a in rows)


def test_a_figure_is_redrawn_by_the_command_under_it(made: Made, tmp_path: Path) -> None:
    text = (made.folder / "report.html").read_text()
    found = re.findall(
        r'<h3 id="([^"]+)".*?<figcaption><code>(analysis/\w+\.py [^<]*)</code>', text, re.DOTALL
    )
    assert len(found) == text.count("<figure>") >= 7
    scripts = {name: shlex.split(html.unescape(command)) for name, command in found}
    assert all((ANALYSIS.parent / words[0]).exists() for words in scripts.values())
    words = scripts["life_cycle"]
    subprocess.run([ANALYSIS.parent / words[0], *words[1:], "-o", tmp_path], check=True)
    assert (tmp_path / "life_cycle.svg").read_bytes() == (
        made.folder / "figures/life_cycle.svg"
    ).read_bytes()


def test_headings_descend_in_order_and_a_keyboard_gets_past_them(made: Made) -> None:
    text = (made.folder / "report.html").read_text()
    levels = [int(n) for n in re.findall(r"<h([1-6])[ >]", text)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(levels, levels[1:]))
    assert text.index('href="#main"') < text.index('<main id="main"')
    assert set(re.findall(r'href="#([\w-]+)"', text[: text.index("</nav>")])) <= set(
        re.findall(r' id="([^"]+)"', text)
    )
    assert all('role="img" aria-label="' in tag for tag in re.findall(r"<svg[^>]*>", text))
    order = [
        'class="verdict"',
        'id="advice"',
        'id="figures"',
        'id="environment"',
        'id="doubts"',
        'id="absent"',
    ]
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)
