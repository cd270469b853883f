"""Each figure on a run with known answers: its files exist and its CSV holds the run's numbers."""

from __future__ import annotations

import copy
import csv
import importlib
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import batch_model
import doubts
import figure
import rates
import records
import report
import synthetic
import synthetic_load
from conftest import Made
from histogram import merge
from records import Run
from panels import panels
from series import Levels
from stats import median_interval

ANALYSIS = Path(report.__file__).parent
EXPERIMENT = {"percentiles": "latency", "idle": "latency", "cpu": "latency", "drift": "latency"}
EXPERIMENT |= {"batch_cost": "batching"}
EXPERIMENT |= dict.fromkeys(("spin_budget", "polling", "detection"), "timeout")
HERE = [name for name in report.FIGURES if (ANALYSIS / f"{name}.py").exists()]


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def drawn(made: Made) -> Path:
    return made.folder / "figures"


@pytest.mark.parametrize("name", [n for n in HERE if n != "idle"])
def test_a_figure_leaves_its_four_files(drawn: Path, name: str) -> None:
    for ending in ("svg", "pdf", "png", "csv"):
        assert (drawn / f"{name}.{ending}").stat().st_size > 100
    assert rows(drawn, name)


@pytest.mark.parametrize("name", HERE)
def test_a_run_without_its_records_draws_nothing_and_breaks_nothing(
    run: Run, tmp_path: Path, name: str
) -> None:
    script = importlib.import_module(name)
    mine = EXPERIMENT.get(name, name)
    others = [r for r in run.records if r.experiment != mine and not (name == "cpu" and r.ok)]
    empty = Run(run.path, {}, {}, others if name != "drift" else [], [])
    assert script.draw(empty, tmp_path) == []


@pytest.mark.parametrize("name", HERE)
def test_help_is_the_docstring(name: str, capsys: pytest.CaptureFixture) -> None:
    script = importlib.import_module(name)
    with pytest.raises(SystemExit):
        figure.main(script.draw, script.__doc__, ["--help"])
    assert (script.__doc__ or "").strip() in capsys.readouterr().out


def test_a_script_runs_by_itself(run_dir: Path, tmp_path: Path) -> None:
    script = [sys.executable, str(ANALYSIS / "timeout.py"), str(run_dir), "-o", str(tmp_path)]
    text = subprocess.run(script, capture_output=True, text=True, check=True).stdout
    assert text == f"{tmp_path / 'timeout.svg'}\n" and (tmp_path / "timeout.csv").exists()


@pytest.mark.parametrize("name", HERE)
def test_a_script_is_short(name: str) -> None:
    assert len((ANALYSIS / f"{name}.py").read_text().splitlines()) <= 120


def test_bad_folders_are_one_line_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert figure.main(lambda run, out: [], "", [str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 3  # manifest, environment, no records


def test_latency_holds_the_medians_and_intervals_of_launches(drawn: Path, run: Run) -> None:
    mine = run.of("latency", transport="unix_stream", message_bytes=64)
    expected = median_interval([r.p50_ns for r in mine])
    row = next(r for r in rows(drawn, "latency")
               if r["transport"] == "unix_stream" and r["message_bytes"] == "64")  # fmt: skip
    found = [float(row[k]) for k in ("p50_ns", "lo", "hi")]
    assert found == pytest.approx([expected.value, expected.lo, expected.hi], rel=1e-6)
    assert int(row["launches"]) == 6


def test_no_interval_below_six_launches(tmp_path: Path) -> None:
    few = synthetic.generate(tmp_path / "few", blocks=4, experiments=("latency",), samples=200)
    found = records.load(few)
    found.records = [r for r in found.records if r.transport in ("pipe", "cache_line")]
    importlib.import_module("latency").draw(found, tmp_path)
    assert all(row["lo"] == row["hi"] == "" for row in rows(tmp_path, "latency"))


def test_the_floor_is_drawn_where_it_was_measured(drawn: Path) -> None:
    assert "cache-line hand-off" in (drawn / "latency.svg").read_text()
    assert {"physical floor"} <= {row["panel"] for row in rows(drawn, "latency")}


def test_percentiles_are_those_of_the_merged_histogram(drawn: Path, run: Run) -> None:
    mine = run.of("latency", transport="pipe", message_bytes=64)
    whole = merge(r.histogram() for r in mine)
    for row in rows(drawn, "percentiles"):
        if row["transport"] == "pipe" and row["panel"].startswith("64 B"):
            q = float(row["percentile"])
            assert float(row["round_trip_ns"]) == pytest.approx(whole.percentile(q), rel=2e-3)
            assert row["reliability"] in ("ok", "low")


def test_throughput_holds_the_central_rate_and_beside_it_the_counted_one(
    drawn: Path, run: Run
) -> None:
    mine = run.of("throughput", transport="pipe", message_bytes=65536, batch=32)
    row = next(r for r in rows(drawn, "throughput") if r["transport"] == "pipe"
               and r["message_bytes"] == "65536" and r["variant"] == "batch 32")  # fmt: skip
    central = median_interval([65536e9 / r.p50_ns for r in mine]).value
    counted = median_interval([r.values["bytes_per_s"] for r in mine]).value
    assert float(row["bytes_per_s"]) == pytest.approx(central, rel=1e-6)
    assert float(row["counted_bytes_per_s"]) == pytest.approx(counted, rel=1e-6)


def test_bytes_messages_and_time_of_a_stream_are_one_estimator(drawn: Path) -> None:
    messages = rows(drawn, "throughput-messages")
    for row, other in zip(rows(drawn, "throughput"), messages, strict=True):
        size = float(row["message_bytes"])
        for name in ("", "counted_"):
            per_s = float(other[f"{name}messages_per_s"])
            assert float(row[f"{name}bytes_per_s"]) == pytest.approx(size * per_s, rel=1e-5)
    [time] = [r for r in rows(drawn, "cpu") if r["panel"] == "one way, streaming, 64 B"
              and r["case"].startswith("pipe batch 32")]  # fmt: skip
    [same] = [r for r in messages if r["transport"] == "pipe" and r["variant"] == "batch 32"
              and r["message_bytes"] == "64"]  # fmt: skip
    assert float(time["time_ns"]) == pytest.approx(1e9 / float(same["messages_per_s"]), rel=1e-2)


def test_a_stream_that_ran_in_spurts_is_a_doubt_with_both_rates(narrow: Run) -> None:
    assert not rates.apart(narrow)
    stopped = copy.deepcopy(narrow.of("throughput", message_bytes=64, batch=1))
    for record in stopped:
        record.raw["values"]["bytes_per_s"] /= 19
    rest = [r for r in narrow.of("throughput") if r.message_bytes != 64]
    [(name, central, counted)] = rates.apart(Run(narrow.path, {}, {}, stopped + rest, []))
    assert name == "pipe copy block batch 1, 64 B" and central / counted == pytest.approx(
        19, rel=0.1
    )
    [doubt] = [
        d for d in doubts.doubts(Run(narrow.path, {}, {}, stopped, []), 0) if d["check"] == "spurts"
    ]
    assert "by the median window" in doubt["message"] and name in doubt["message"]


def test_the_wait_model_holds_where_a_regime_is_clear(drawn: Path) -> None:
    clear = [r for r in rows(drawn, "batching") if r["regime"] != "between" and r["batch"] != "1"]
    errors = [math.log(float(r["mean_wait_ns"]) / float(r["model_wait_ns"])) for r in clear]
    assert len(errors) > 20 and np.max(np.abs(errors)) < 0.15


def test_nothing_beats_the_pareto_front(drawn: Path) -> None:
    found = rows(drawn, "batching")
    for a in (r for r in found if r["pareto"] == "1"):
        for b in (r for r in found if (r["panel"], r["label"]) == (a["panel"], a["label"])):
            pairs = [
                (float(b[k]), float(a[k]))
                for k in ("p99_response_ns", "receiver_cpu_ns_per_message")
            ]
            assert any(x >= y for x, y in pairs)


def test_the_timer_model_has_its_limits() -> None:
    assert batch_model.timer_wait(1e6, 1) == pytest.approx(
        1e6, rel=1e-3
    )  # a lone message: all of it
    assert batch_model.timer_wait(1e6, 1e9) == pytest.approx(5e5, rel=1e-3)


def test_launches_at_other_canary_levels_are_kept_apart(tmp_path: Path) -> None:
    folder = synthetic.generate(
        tmp_path, blocks=12, experiments=("latency",), samples=200, two_levels=True
    )
    found = records.load(folder)
    levels = Levels.of(found)
    assert len(levels.of_place["same_llc"]) == 2
    for panel in panels(found.of("latency", transport="pipe"), levels):
        for at in (p for line in panel.series for p in line.points):
            assert len(at.launches) + len(at.others) == 12 and at.others
            assert max(at.launches) / min(at.launches) < 1.2  # the other level is 35 % off


def test_system_calls_are_those_that_were_counted(drawn: Path) -> None:
    blocking = rows(drawn, "system_calls")
    spinning = rows(drawn, "system_calls-2")
    for row in [*blocking, *spinning]:
        assert float(row["ok"]) == 2 and float(row["error"]) == 0 and row["copies"] == "2"
        assert float(row["again"]) == (1 if row["wait"] == "spin" else 0)
    assert {row["wait"] for row in blocking} != {row["wait"] for row in spinning}
    assert {row["pattern"] for row in blocking} == {"ping", "pour"}
    both = next(row for row in blocking if row["pattern"] == "ping")
    assert both["first_launch"] == "read:512 write:512"


def test_counters_are_per_message_and_what_was_dropped_is_not_zero(drawn: Path) -> None:
    found = {(r["transport"], r["counter"]): r for r in rows(drawn, "counters")}
    assert len({transport for transport, _ in found}) == 2
    for (_, counter), row in found.items():
        due = {"context_switches": 1, "minor_faults": 0.375, "minor_faults_user": 0.25,
               "minor_faults_kernel": 0.125, "hitm_user": 2, "voluntary_switches": 1}  # fmt: skip
        assert float(row["per_message"]) == due[counter]  # neither hitm nor its kernel's half
        if counter != "voluntary_switches":
            assert float(row["first_client"]) == float(row["first_server"]) == due[counter] / 2
    assert {r["event"] for (_, c), r in found.items() if c != "voluntary_switches"} == {"kernel"}


def test_a_channels_life_has_its_phases(drawn: Path) -> None:
    for row in rows(drawn, "life_cycle"):
        assert int(row["launches"]) == 6
        for name, ns in synthetic_load.PHASES_NS.items():
            assert float(row[f"{name}_lo"]) <= float(row[name]) <= float(row[f"{name}_hi"])
            assert float(row[name]) == pytest.approx(ns, rel=0.1)
        assert float(row["cycle_ns"]) > float(row["connect_ns"])
