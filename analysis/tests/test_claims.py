"""The claims table: every claim once, one table for terminal, machines and report, and a verdict that says enough."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import claims
import claims_parts
import records
from claims_parts import FEW, HOLDS, REFUTED, UNCLEAR, UNMEASURED, Part
from conftest import Made
from stats import Interval
from test_golden import GOLDEN

WORDS = [word for word, _, _ in claims.COUNTED]


def judge(*words: str) -> claims_parts.Judged:
    told = [Part({"mechanism": f"m{i}"}, f"{i} [0, 9]", word, 4) for i, word in enumerate(words)]
    return claims_parts.judge(told, "nothing")


def test_the_table_over_golden_records_has_every_claim_once() -> None:
    found = claims.rows(records.load(GOLDEN))
    assert [row["claim"] for row in found] == list(range(1, 24))
    for row in found:
        assert row["word"] in WORDS and row["verdict"].startswith(row["word"])
        assert row["measured"] or row["word"] == claims_parts.UNTESTABLE
        assert "its records: " not in row["verdict"], row


def test_what_no_experiment_recorded_names_the_experiment(run: records.Run) -> None:
    verdicts = {row["claim"]: row["verdict"] for row in claims.rows(run)}
    assert verdicts[4].startswith("not testable here: no ") or verdicts[4]
    assert verdicts[7] == "refuted" and verdicts[8] == "holds"


def test_a_rule_that_a_record_breaks_costs_only_its_own_claim(run: records.Run) -> None:
    broken = claims_parts.Claim(0, "", ("latency",), lambda run: [][0])
    assert claims.judge(broken, run).verdict.startswith("not testable here: its records: IndexErr")
    unread = claims_parts.Claim(0, "", ("latency",))
    assert claims.judge(unread, run).verdict.endswith("no rule reads the records of latency")


def test_the_program_prints_what_the_summary_holds(
    made: Made, run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "claims.json"
    assert claims.main([str(run_dir), "--json", "-o", str(out)]) == 0
    kept = json.loads((made.folder / "summary.json").read_text())["claims"]
    assert json.loads(out.read_text()) == kept and not capsys.readouterr().out
    assert claims.main([str(run_dir)]) == 0
    printed = capsys.readouterr().out
    assert printed.rstrip().endswith(claims.counts(kept))
    for row in kept:
        assert re.search(rf"^ *{row['claim']}  ", printed, re.M)
    assert claims.main([str(tmp_path / "none")]) == 2


def test_the_report_has_the_table_and_the_headline_one_line(made: Made) -> None:
    page = (made.folder / "report.html").read_text()
    assert 0 < page.index('id="claims"') < page.index("The best mechanism")
    for claim in claims.CLAIMS:
        assert page.count(f"<tr><td>{claim.number}</td><td>{claim.claimed[:20]}") == 1
    kept = json.loads((made.folder / "summary.json").read_text())["claims"]
    assert made.printed.count(claims.counts(kept)) == 1


def test_a_verdict_follows_from_its_parts() -> None:
    assert judge(HOLDS, HOLDS).verdict == "holds"
    assert judge(REFUTED).verdict == "refuted"
    assert judge(HOLDS, UNCLEAR, FEW).verdict == "holds, where it can be told (1 of 3)"
    assert judge(REFUTED, UNMEASURED).verdict == "refuted; not measured: m1"
    depends = "depends: on mechanism: holds for m0 0; not for m1 1; cannot be told for m2"
    assert judge(HOLDS, REFUTED, UNCLEAR).verdict == depends
    wide = "not testable here: the intervals are too wide to tell: m0 0"
    assert judge(UNCLEAR, FEW).verdict == wide
    assert judge(FEW, FEW).verdict == "not testable here: 4 launches, 6 needed"
    assert judge(UNMEASURED).verdict == judge().verdict == "not testable here: nothing"


def test_what_it_depends_on_is_what_alone_changes_the_word() -> None:
    at = [("pipe", "spin", HOLDS), ("pipe", "block", REFUTED), ("fifo", "block", REFUTED)]
    told = [Part({"mechanism": m, "wait": w}, "1", word, 6) for m, w, word in at]
    assert claims_parts.judge(told, "").verdict.startswith(
        "depends: on wait: holds for pipe spin 1"
    )


@pytest.mark.parametrize(
    ("lo", "hi", "word"),
    [(2, 3, HOLDS), (1, 4, HOLDS), (0.5, 3, UNCLEAR), (5, 6, REFUTED), (0.1, 0.9, REFUTED)],
)
def test_a_part_is_judged_by_the_whole_interval(lo: float, hi: float, word: str) -> None:
    assert claims_parts.within(Interval((lo + hi) / 2, lo, hi, 0.97, 6), 1, 4) == word
    assert claims_parts.within(Interval(2, None, None, None, 5), 1, 4) == FEW
