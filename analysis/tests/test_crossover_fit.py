"""From records to T: crossover_fit.py, its rows, next.py and the two figures, on generated runs."""

from __future__ import annotations

import copy
import importlib
import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import crossover
import crossover_fit
import crossover_rows
import dominance
import local_fit
import records
import synthetic

kAnalysis = Path(crossover_fit.__file__).parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "run"
    return synthetic.generate(out, experiments=("crossover",), samples=200, dense=True)


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[tuple[str, str], crossover_fit.Finding]:
    run = records.load(folder)
    assert crossover_fit.of_run(run) is crossover_fit.of_run(run)
    return {(f.queue, f.costs.metric): f for f in crossover_fit.of_run(run)}


def cost(queue: str, path: str, size: float) -> float:
    """The generator's own cost, so that its T is found by bisection and not by its formula."""
    case = {**synthetic.BASE, "transport": f"hybrid_{queue}", "pattern": "ask", "path": path}
    return synthetic.cost({**case, "message_bytes": size, "reply_bytes": 8})


def true_T(queue: str) -> float:
    low, high = 1024.0, 65536.0
    for _ in range(60):
        middle = math.sqrt(low * high)
        slower = cost(queue, "queue", middle) > cost(queue, "shm", middle)
        low, high = (low, middle) if slower else (middle, high)
    return low


@pytest.mark.parametrize("queue", ["pipe", "unix_stream"])
@pytest.mark.parametrize("metric", ["p50", "cpu_ns"])
def test_T_of_a_run_is_found(found: Any, queue: str, metric: str) -> None:
    one = found[queue, metric]
    assert one.answer.status == "ok"
    assert one.answer.T_bytes == pytest.approx(true_T(queue), rel=0.04)
    assert one.fit.T_bytes == pytest.approx(true_T(queue), rel=0.03) and not one.fit.mismatch


def test_a_queue_that_ends_before_T_says_so(found: Any) -> None:
    one = found["posix_mq", "p50"]
    assert one.answer.status == "none" and one.answer.winner == "queue"
    assert crossover_fit.queue_limit(one.costs) == 8192
    assert crossover_fit.auto_threshold(one.costs, one.answer) == 8192
    assert "larger: shm only" in crossover_rows.headline(one)
    assert {who for _, _, who in crossover_rows.dominance(one)} == {"queue", "only shm"}


def test_auto_with_a_wrong_threshold_is_reported_with_where(found: Any) -> None:
    """The generator's `auto` switches at 4096 B, long before the Unix stream's T."""
    auto = found["unix_stream", "p50"].auto
    assert auto.judged and auto.worse[0] == 5792 and max(auto.worse) < true_T("unix_stream")
    assert any(
        "auto is more than 3 % slower" in d for d in crossover_rows.doubts(found["tcp", "p50"])
    )


def test_rows_follow_the_schema(found: Any) -> None:
    readme = (kAnalysis.parent / "results" / "README.md").read_text()
    fields = re.search(r"`crossover`: array of \{(.*?)\}", readme, re.S).group(1)
    for one in found.values():
        row = json.loads(json.dumps(crossover_rows.row(one), allow_nan=False))
        assert set(re.findall(r"`(\w+)`", fields)) - {"ok", "none", "several"} <= row.keys()
    assert crossover_rows.number(math.inf) == "inf" and crossover_rows.number(math.nan) is None


def test_sides_at_different_canary_levels_are_not_compared(folder: Path) -> None:
    run = records.load(folder)
    for at, record in enumerate(run.records):
        far = record.case["path"] == "queue" and record.block == 2
        level = 500.0 if far else 120.0
        record.raw["canary"] = {"before_ns": level + at % 3, "after_ns": level}
    costs = next(crossover_fit.all_costs(run.records, ["p50"]))
    assert costs.left_out == costs.sizes.size
    assert crossover_fit.check_auto(costs).ratio[0].n == 5


def test_descriptor_size_is_the_transports() -> None:
    header = kAnalysis.parent / "transports" / "frame.hpp"
    if not header.exists():
        pytest.skip("transports/frame.hpp is not here")
    said = re.search(r"sizeof\(FrameDescriptor\) == (\d+)", header.read_text())
    assert said and int(said.group(1)) == crossover_fit.kDescriptorBytes


def test_caches_are_read_from_the_topology_line() -> None:
    line = "1 sockets, 2 cores; L1 2 x 48 KiB; L2 2 x 1 MiB; L3 1 x 32 MiB"
    sizes = crossover_fit.cache_sizes({"machine": {"topology": line}})
    assert sizes == [49152, 1048576, 33554432] and crossover_fit.cache_sizes({}) == []
    assert local_fit.regime(100_000, sizes) == (49152, 800_000)


def ask(folder: Path, question: str) -> tuple[Any, str]:
    argv = [sys.executable, str(kAnalysis / "next.py"), str(folder), "--question", question]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)[question], done.stderr


def test_next_tells_thresholds_and_sizes(folder: Path) -> None:
    answers = {entry["transport"]: entry for entry in ask(folder, "thresholds")[0]}
    pipe, mq = answers["hybrid_pipe"], answers["hybrid_posix_mq"]
    assert pipe["T_bytes"] == pytest.approx(true_T("pipe"), rel=0.04) and pipe["status"] == "ok"
    assert len(pipe["refine_bytes"]) == 8 and pipe["case"]["pattern"] == "ask"
    assert (mq["T_bytes"], mq["threshold_bytes"], mq["refine_bytes"]) == (None, 8192, [])
    blocks, _ = ask(folder, "blocks")
    assert not blocks["done"] and blocks["add"] >= 4 and "first 10 launches" in blocks["reason"]


def test_next_knows_the_axes_that_records_leave_out(folder: Path, tmp_path: Path) -> None:
    neutral = {"access": "copy", "touch": "full", "batch": 1}
    (tmp_path / "manifest.json").write_text(json.dumps({"neutral": neutral}))
    with (tmp_path / "crossover.jsonl").open("w") as short:
        for line in (folder / "crossover.jsonl").read_text().splitlines():
            record = json.loads(line)
            record["case"] = {k: v for k, v in record["case"].items() if neutral.get(k) != v}
            short.write(json.dumps(record) + "\n")
    assert ask(tmp_path, "thresholds")[0] == ask(folder, "thresholds")[0]


def test_next_survives_broken_lines_and_no_records(tmp_path: Path) -> None:
    assert ask(tmp_path, "thresholds") == ([], "")
    bad = '{"schema": 1, "status": "ok", "windows": {"ns_per_message": ["x"]}, "case": {}}'
    (tmp_path / "crossover.jsonl").write_text(f'rubbish\n[]\n{{"schema": 9}}\n{bad}\n{{"sch')
    answer, errors = ask(tmp_path, "thresholds")
    assert answer == [] and len(errors.splitlines()) == 5 and "crossover.jsonl:5: " in errors


def test_a_stream_uses_the_round_trips_T_and_refines_its_own(folder: Path) -> None:
    run = records.load(folder)
    pipe = [r for r in run.records if r.transport == "hybrid_pipe" and r.ok]
    streams = copy.deepcopy(pipe)
    for record in streams:
        record.raw["case"] |= {"pattern": "pour", "batch": 32}
        size = record.message_bytes
        each = 1000 + 0.5 * size if record.case["path"] == "queue" else 3000 + 0.1 * size
        record.raw["windows"]["ns_per_message"] = [each]  # T = 5000
    ask, pour = importlib.import_module("next").crossovers([*pipe, *streams])
    assert (ask["case"]["pattern"], pour["case"]["pattern"]) == ("ask", "pour")
    assert ask["T_bytes"] == pour["T_bytes"] == pytest.approx(true_T("pipe"), rel=0.04)
    assert pour["refine_bytes"][0] == pytest.approx(2500, rel=0.05)


def test_figures_are_drawn_and_repeat_byte_for_byte(
    folder: Path, tmp_path: Path, every_format: None
) -> None:
    run = records.load(folder)
    [ratio] = crossover.draw(run, tmp_path)
    assert ratio.path == tmp_path / "crossover.svg" and "auto is more than 3 %" in ratio.caption
    assert "pipe,p50,ask" in ratio.path.with_suffix(".csv").read_text()
    [first], [again] = (dominance.draw(run, tmp_path / name) for name in "12")
    for suffix in ("svg", "pdf", "png", "csv"):
        files = (drawn.path.with_suffix(f".{suffix}") for drawn in (first, again))
        assert len({file.read_bytes() for file in files}) == 1
