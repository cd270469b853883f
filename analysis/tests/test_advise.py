"""Advice: fits are ranked on evidence, what was not measured is never guessed, and both readers say the same."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import advise
import advise_abilities
import advise_facts
import advise_page
import advise_question
import advise_rules
import records
from advise_words import WORDS
from conftest import Made

LISTED = {
    name: {"name": name, "boundaries": not stream, "lossy": False, "most_producers": 16 if name == "pipe" else 1,
           "abilities": ["send_priority"] if name == "posix_mq" else []}
    for name, stream in (("pipe", 1), ("unix_stream", 1), ("tcp", 1), ("posix_mq", 0), ("shm_ring", 0))
}  # fmt: skip
QUESTIONS: list[dict] = [
    {"message_bytes": "64"},
    {"message_bytes": "64", "latency": "5us", "percentile": "50"},
    {"message_bytes": "64", "latency": "6us", "percentile": "99", "by": "cpu"},
    {"message_bytes": "64", "latency": "100ns"},
    {"message_bytes": "300", "latency": "20us", "percentile": "99.9"},
    {"message_bytes": "6000", "rate": "10k", "cpu": "20us"},
    {"message_bytes": "64", "rate": "10k"},
    {"message_bytes": "64", "rate": "30k", "latency": "5us", "cpu": "10us"},
    {"message_bytes": "64", "rate": "100M"},
    {"message_bytes": "64Ki", "rate": "150k", "need": "boundaries,lossless"},
    {"message_bytes": "64", "need": "priority"},
    {"message_bytes": "64", "need": "mailbox,order", "percentile": "90"},
    {"message_bytes": "16Mi"},
    {"message_bytes": "16Ki", "percentile": "99.99", "latency": "1ms"},
    {"sizes": ("s", "64 0.9\n# bulk\n64Ki 1\n"), "rate": "1k", "latency": "1ms"},
    {"sizes": ("s", "64 .5\n100 0.75\n1Mi 1"), "percentile": "50", "latency": "20us"},
    {"message_bytes": "7", "rate": "1/s"},
]
WRONG = [
    ({}, "name the size: --message-bytes or --sizes, one of them"),
    ({"message_bytes": "64", "sizes": ("s", "64 1")}, "name the size: --message-bytes or --sizes, one of them"),
    ({"message_bytes": "x"}, "--message-bytes: `x` is not a number of bytes; write 1Ki (units: B, Ki, Mi, Gi)"),
    ({"message_bytes": "2Gi"}, "--message-bytes: `2Gi` is out of range; valid: 1 to 1Gi"),
    ({"message_bytes": "1.5"}, "--message-bytes: `1.5` is not a whole number of bytes"),
    ({"message_bytes": "1", "rate": "0"}, "--rate: `0` is out of range; valid: more than 0"),
    ({"message_bytes": "1", "cpu": "5 us"}, "--cpu: unknown unit ` us` in `5 us`; valid: ns, us, ms, s, min, h"),
    ({"message_bytes": "1", "percentile": "98"}, "--percentile: unknown `98`; valid: 50, 90, 99, 99.9, 99.99"),
    ({"message_bytes": "1", "need": "speed"}, "--need: unknown `speed`; valid: " + ", ".join(advise_abilities.NEEDS)),
    ({"sizes": ("own", "64 0.5\n64Ki 0.4\n")}, "own:2: a share of 0.4 after 0.5: a cumulative one never falls"),
    ({"sizes": ("own", "64 0.5\n\n32 1")}, "own:3: 32 B after 64 B: sizes ascend"),
    ({"sizes": ("own", "64")}, "own:1: 1 words; valid: a size and a share, as in `64Ki 0.9`"),
    ({"sizes": ("own", "64 2")}, "own:1: `2` is not a share: valid: 0 to 1"),
    ({"sizes": ("own", "64 nan")}, "own:1: `nan` is not a share: valid: 0 to 1"),
    ({"sizes": ("own", "64 0.90")}, "own:1: ends at a share of 0.90: the last is 1"),
    ({"sizes": ("own", "# 1\n")}, "own:1: no point: valid: a size and a share a line"),
    ({"sizes": ("own", "64K 1")}, "own:1: unknown unit `K` in `64K`; valid: B, Ki, Mi, Gi"),
]  # fmt: skip


@pytest.fixture(scope="module")
def facts(run: records.Run) -> dict:
    return advise_facts.of_run(run, LISTED)


@pytest.fixture(scope="module")
def few_dir(run_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a few mechanisms' latencies and crossovers: what is asked of it is how, not what."""
    out = tmp_path_factory.mktemp("few") / "run"
    out.mkdir()
    for paper in ("manifest.json", "environment.json"):
        shutil.copy(run_dir / paper, out)
    for name in ("latency", "crossover"):
        lines = (run_dir / f"{name}.jsonl").read_text().splitlines(keepends=True)
        kept = [
            line
            for line in lines
            if '"pipe"' in line or '"hybrid_pipe"' in line or '"posix_mq"' in line
        ]
        (out / f"{name}.jsonl").write_text("".join(kept))
    return out


def ask(facts: dict, **text: object) -> dict:
    return advise_rules.answer(facts, advise_question.question(text, facts["wheres"]))


def of(found: dict, name: str) -> dict:
    both = found["ranked"] + found["left_out"]
    return next(one for one in both if one["mechanism"] == name)


def test_the_quickest_that_fits_comes_first_with_its_numbers(facts: dict) -> None:
    found = ask(facts, message_bytes="64", latency="1ms")
    tails = [one["tail"] for one in found["ranked"]]
    assert tails == sorted(tails) and found["ranked"][0]["mechanism"].startswith("shm_ring")
    first = found["ranked"][0]
    assert first["lo"] <= first["median"] <= first["hi"] and first["n"] == 6
    assert "CPU of both ends" in first["evidence"]["cpu"] and found["verdict"].startswith(
        "shm_ring"
    )


def test_none_of_them_says_why_and_which_is_nearest(facts: dict) -> None:
    found = ask(facts, message_bytes="64", latency="100ns")
    assert not found["ranked"]
    assert (
        found["verdict"].startswith("none of them: ") and "(nearest: shm_ring " in found["verdict"]
    )


def test_between_sizes_it_interpolates_and_says_so(facts: dict) -> None:
    line = next(l for l in facts["lines"] if l["name"] == "pipe block" and "same" in l["where"])
    found = of(ask(facts, message_bytes="2000"), "pipe block")
    i = line["sizes"].index(512)
    assert line["median"][i] < found["median"] < line["median"][i + 1]
    assert "2000 B was not measured: interpolated between 512 and 4Ki B, on logarithms" in found["doubts"]  # fmt: skip
    assert not [d for d in of(ask(facts, message_bytes="512"), "pipe block")["doubts"] if "inter" in d]  # fmt: skip


@pytest.mark.parametrize("asked", ["16Mi", "9000"])
def test_beyond_what_was_measured_nothing_is_said(facts: dict, asked: str) -> None:
    found = of(ask(facts, message_bytes=asked), "posix_mq block")
    assert "median" not in found
    size = asked if asked.endswith("Mi") else "9000"
    assert found["why"] == [f"{size} B was not measured (1 to 8Ki B) (mq_open: Invalid argument)"]


def test_a_rate_is_held_against_an_open_loop_else_it_is_said_what_was_used(facts: dict) -> None:
    found = ask(facts, message_bytes="64", rate="10k")
    pipe, queue = of(found, "pipe block"), of(found, "posix_mq block")
    assert pipe["evidence"]["rate"] == "10 k/s offered in an open loop was carried"
    assert "one way, from the intended send" in pipe["evidence"]["response"]
    assert "rate" not in queue["evidence"] and any(
        "closed-loop stream" in d for d in queue["doubts"]
    )
    above = of(ask(facts, message_bytes="64", rate="20k"), "pipe block")
    assert "the next measured above 20 k/s" in above["evidence"]["rate"]


def test_what_spins_pays_a_whole_cpu_at_any_rate(facts: dict) -> None:
    found = of(ask(facts, message_bytes="64", rate="1k", cpu="100us"), "shm_ring copy spin")
    assert found["cpu"] == 1e6 and found["why"] == ["1 ms CPU is over 100 µs"]


def test_a_promise_is_never_guessed(run: records.Run, facts: dict) -> None:
    found = ask(facts, message_bytes="64", need="priority")
    assert [one["mechanism"] for one in found["ranked"]] == ["posix_mq block"]
    assert of(found, "hybrid_pipe queue block")["why"] == ["not stated whether it has priority"]
    bare = ask(advise_facts.of_run(run), message_bytes="64", need="priority")
    assert not bare["ranked"] and "--transports what `ipcmark list transports --json`" in " ".join(bare["doubts"])  # fmt: skip


def test_a_mixture_is_the_mean_and_its_tail_a_bound(facts: dict) -> None:
    both = of(ask(facts, sizes=("s", "64 0.75\n64Ki 1")), "pipe block")
    small, large = (of(ask(facts, message_bytes=b), "pipe block") for b in ("64", "64Ki"))
    mean = 0.75 * small["median"] + 0.25 * large["median"]
    assert both["median"] == pytest.approx(mean, rel=1e-4) and both["tail"] == large["tail"]


def test_T_says_which_way_the_size_goes(facts: dict) -> None:
    goes = {s: ask(facts, message_bytes=s)["hybrids"] for s in ("64", "64Ki")}
    assert "so 64 B goes through the queue" in goes["64"][0]
    assert "so 64Ki B goes through shared memory" in goes["64Ki"][0]
    assert "posix_mq block: no crossing, the queue wins: T = inf" in " ".join(goes["64"])


def test_a_mechanism_at_another_level_of_the_canary_is_not_compared(facts: dict) -> None:
    lines = [{**l, "level": "@ 510 ns"} if l["transport"] == "pipe" else l for l in facts["lines"]]
    found = of(ask({**facts, "lines": lines}, message_bytes="64"), "pipe block")
    assert found["why"] == ["measured at another level of the canary (@ 510 ns): not compared"]


def test_few_unsteady_and_absent_are_doubted(facts: dict) -> None:
    line = next(l for l in facts["lines"] if l["name"] == "pipe block" and "same" in l["where"])
    poor = {**line, "n": [3] * 10, "unsteady": [1] * 10, "others": [2] * 10}
    absent = [{"where": line["where"], "name": "udp", "why": "skipped: socket: no"}]
    found = ask({**facts, "lines": [poor], "absent": absent}, message_bytes="64")
    words = " ".join(of(found, "pipe block")["doubts"])
    assert (
        "3 launches: no interval" in words and "unstable" in words and "2 launches at an" in words
    )
    assert of(found, "udp")["why"] == ["skipped: socket: no"]


@pytest.mark.parametrize("text, words", WRONG)
def test_bad_input_is_one_line(text: dict, words: str) -> None:
    with pytest.raises(ValueError) as said:
        advise_question.question(text, [])
    assert str(said.value) == words


@pytest.mark.parametrize("arguments", [[], ["--message-bytes", "64", "--sizes", "none"], ["--message-bytes", "64", "--colour"],
                                       ["--message-bytes", "64", "--transports", __file__], ["--message-bytes", "64", "--where", "here"]])  # fmt: skip
def test_bad_usage_is_one_line_and_exit_2(
    few_dir: Path, capsys: pytest.CaptureFixture, arguments: list[str]
) -> None:
    try:
        code = advise.main([str(few_dir), *arguments])
    except SystemExit as stopped:
        code = stopped.code
    said = capsys.readouterr().err
    assert code == 2 and said.count("\n") == 1 and said.startswith("advise.py: ")


def test_text_and_json_tell_the_same(few_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:  # fmt: skip
    (tmp_path / "own").write_text("64 0.5\n4Ki 1\n")
    listed = tmp_path / "listed.json"
    listed.write_text(json.dumps({"transports": list(LISTED.values())}))
    asked = [str(few_dir), "--sizes", str(tmp_path / "own"), "--need", "lossless", "--transports", str(listed)]  # fmt: skip
    assert advise.main(asked) == 0
    text = capsys.readouterr().out
    assert advise.main([*asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] in text and all(o["mechanism"] in text for o in found["ranked"])


ASK = """const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
const said = asked.texts.map((text) => {
  try { return answer(asked.facts, question(text, asked.facts.wheres)); } catch (error) { return {error: error.message}; }
});
console.log(JSON.stringify(said));
"""


def test_the_reports_rules_and_the_scripts_say_the_same(facts: dict, tmp_path: Path) -> None:
    if not (node := shutil.which("node")):
        pytest.skip("node is not installed (Debian package nodejs)")
    few = {**facts["lines"][0], "n": [1] * 99, "unsteady": [1] * 99, "others": [3] * 99}
    facts = {**facts, "lines": [few, *facts["lines"][1:]], "words": WORDS}
    texts = QUESTIONS + [text for text, _ in WRONG]
    texts += [{**text, "where": facts["wheres"][1]} for text in QUESTIONS]
    rules = advise_page.scripts(*advise_page.RULES).removesuffix("})();")
    (tmp_path / "ask.js").write_text(rules + ASK + "})();")
    asked = json.dumps({"facts": facts, "texts": texts})
    done = subprocess.run([node, tmp_path / "ask.js"], input=asked, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for text, theirs in zip(texts, json.loads(done.stdout), strict=True):
        try:
            mine = ask(facts, **text)
        except ValueError as error:
            mine = {"error": str(error)}
        assert theirs == json.loads(json.dumps(mine)), text


def test_the_report_answers_in_a_browser(made: Made, run: records.Run) -> None:
    if not (browser := shutil.which("chromium")):
        pytest.skip("chromium is not installed (Debian package chromium)")
    page = (made.folder / "report.html").resolve().as_uri()
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000", "--dump-dom"]  # fmt: skip
    done = subprocess.run([browser, *flags, page], capture_output=True, text=True, timeout=120)
    told = done.stdout.split('id="told">')[1].split("<noscript>")[0]
    found = ask(advise_facts.of_run(run), message_bytes="64")
    assert found["ranked"][0]["evidence"]["took"] in told and "analysis/advise.py" in told
    assert found["verdict"] in done.stdout.split('id="said"')[1]
