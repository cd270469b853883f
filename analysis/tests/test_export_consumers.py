"""Exports are read by those they are for: the programs themselves where Debian has them, else what these require."""

from __future__ import annotations

import copy
import json
import math
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import export
import hdr_decoder
import records
from exports import hdr, hgrm, rows
from histogram import Histogram

HERE = Path(__file__).parent
COMPARE = Path("/usr/share/benchmark/compare.py")  # Debian's libbenchmark-tools
HDR_JAR = Path("/usr/share/java/hdrhistogram.jar")  # Debian's libhdrhistogram-java


@pytest.fixture(scope="module")
def some(run_dir: Path) -> records.Run:
    """What pipe and TCP say, and what a queue could not do."""
    whole = records.load(run_dir)
    whole.records = [r for r in whole.records if r.transport in ("pipe", "tcp", "posix_mq")]
    failed = {r.message_bytes for r in whole.records if r.status == "failed"}
    sizes = {0, 4, 64, 4096, 16384} | failed
    whole.records = [r for r in whole.records if r.message_bytes in sizes]
    return whole


@pytest.fixture(scope="module")
def slower(some: records.Run) -> records.Run:
    """The same with 30 % planted in the latency of TCP."""
    found = copy.deepcopy(some.records)
    for record in found:
        if record.transport == "tcp" and record.experiment == "latency" and record.windows_ns:
            each = record.raw["windows"]["ns_per_message"]
            record.raw["windows"]["ns_per_message"] = [1.3 * v for v in each]
    return records.Run(some.path, some.manifest, some.environment, found, [])


def test_google_benchmarks_compare_finds_what_was_planted(
    some: records.Run, slower: records.Run, tmp_path: Path
) -> None:
    if not COMPARE.exists():
        pytest.skip(f"{COMPARE} is not there: libbenchmark-tools is not installed")
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for file, run in zip(files, (some, slower)):
        file.write_text(export.convert(run, "google-launches"))
    command = ["/usr/bin/python3", COMPARE, "--no-color", "--dump_to_json", tmp_path / "out.json"]
    done = subprocess.run([*command, "benchmarks", *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr  # nothing was divided by nothing
    told = json.loads((tmp_path / "out.json").read_text())
    judged = [row for row in told if row["utest"]]
    timed = [r for r in rows.of_run(some) if r.interval and not math.isnan(r.cpu_ns)]
    assert {r["name"] for r in judged} == {r.name for r in timed if r.interval.n > 1}
    for row in judged:
        planted = row["name"].startswith("latency/tcp/")
        assert len(row["measurements"]) in (5, 6)  # launches; one of TCP's failed
        for one in row["measurements"]:
            assert one["time"] == pytest.approx(0.3 if planted else 0, abs=1e-5)
        assert (row["utest"]["time_pvalue"] < 0.01) == planted


def test_bencher_and_chart_actions_find_the_fields_they_require(some: records.Run) -> None:
    """bencher's cpp_google adapter and github-action-benchmark's googlecpp, field by field."""
    told = json.loads(export.convert(some, "google-cases"))
    assert isinstance(told["context"]["caches"], list)
    names = set()
    for entry in told["benchmarks"]:
        assert isinstance(entry["name"], str) and 0 < len(entry["name"]) <= 1024
        assert isinstance(entry["real_time"], float) and entry["real_time"] > 0
        assert entry["time_unit"] in ("ns", "us", "ms", "s")
        for field in ("iterations", "cpu_time", "threads"):
            assert isinstance(entry[field], (int, float)) and not isinstance(entry[field], bool)
        names.add(entry["name"])
    assert len(names) == len(told["benchmarks"]) > 20  # a chart's line each


def test_bmf_is_as_its_schema_says(some: records.Run) -> None:
    """Bencher's schema: case -> measure -> value, lower_value, upper_value; slugs of at most 64 characters."""
    told = json.loads(export.convert(some, "bmf"))
    slugs = set()
    for name, measures in told.items():
        assert 0 < len(name) <= 1024 and measures
        for slug, metric in measures.items():
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) and len(slug) <= 64
            assert {"value"} <= metric.keys() <= {"value", "lower_value", "upper_value"}
            assert all(type(v) in (int, float) and math.isfinite(v) for v in metric.values())
            low, high = metric.get("lower_value"), metric.get("upper_value")
            assert low is None or low <= metric["value"] <= high
            slugs.add(slug)
    assert {
        "latency",
        "throughput",
        "overshoot-ns",
        "cycle-ns",
        "system-calls-per-message",
    } <= slugs


def test_junit_is_valid_by_its_schema(some: records.Run, tmp_path: Path) -> None:
    file = tmp_path / "junit.xml"
    file.write_text(export.convert(some, "junit"))
    if shutil.which("xmllint"):
        command = ["xmllint", "--noout", "--schema", HERE / "junit.xsd", file]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return
    etree = pytest.importorskip(
        "lxml.etree", reason="neither xmllint nor python3-lxml is installed"
    )
    etree.XMLSchema(etree.parse(HERE / "junit.xsd")).assertValid(etree.parse(file))


def test_prometheus_parses_the_metrics_and_finds_every_case(some: records.Run) -> None:
    parser = pytest.importorskip(
        "prometheus_client.openmetrics.parser", reason="python3-prometheus-client is not installed"
    )
    families = {f.name: f for f in parser.text_string_to_metric_families(export.convert(some, "openmetrics"))}  # fmt: skip
    medians = {s.labels["case"]: s.value for s in families["ipcmark_cost_seconds"].samples
               if s.labels["stat"] == "median"}  # fmt: skip
    expected = {r.name: r.interval.value * 1e-9 for r in rows.of_run(some) if r.interval and r.is_time}  # fmt: skip
    assert medians == {k: pytest.approx(v, rel=1e-6) for k, v in expected.items()}
    counts = {s.labels["status"]: s.value for s in families["ipcmark_cases"].samples}
    assert sum(counts.values()) == len(rows.of_run(some)) and counts["skipped"] and counts["failed"]
    assert families["ipcmark_cost_seconds"].unit == "seconds"


def test_node_exporter_parses_them_too(some: records.Run) -> None:
    """Its textfile collector reads the older text format, to which an unknown comment is nothing."""
    parser = pytest.importorskip(
        "prometheus_client.parser", reason="python3-prometheus-client is not installed"
    )
    families = list(parser.text_string_to_metric_families(export.convert(some, "openmetrics")))
    assert all(f.type == "gauge" and f.samples for f in families)


def _logged(run: records.Run) -> dict[tuple[str, int], Histogram]:
    """What must be in the log: by tag, in the order of their launches."""
    found: dict[str, list[tuple[float, Histogram]]] = {}
    for row in rows.of_run(run):
        for record in (r for launch in row.launches for r in launch):
            for name in record.raw["histograms"]:
                tag = row.name if name == row.quantity else f"{row.name}/{name}"
                found.setdefault(tag, []).append(record.histogram(name))
    return found


def test_the_log_is_lossless_by_an_independent_decoder(some: records.Run) -> None:
    expected, seen = _logged(some), 0
    for line in export.convert(some, "hlog").splitlines():
        match = re.fullmatch(r"Tag=([^,\s]+),(\d+\.\d{3}),(\d+\.\d{3}),(\d+\.\d{3}),(\S+)", line)
        if line.startswith(("#", '"')):
            continue
        assert match, line[:200]
        counts = hdr_decoder.decode(match.group(5))
        same = [h for h in expected[match.group(1)]
                if counts == dict(zip(hdr.highest_of(h.indexes).tolist(), h.counts.tolist()))]  # fmt: skip
        assert same, match.group(1)
        for q in (50, 90, 99, 99.9, 100):
            assert hdr_decoder.percentile(counts, q) == pytest.approx(same[0].percentile(q), rel=1e-3, abs=1)  # fmt: skip
        seen += 1
    assert seen == sum(map(len, expected.values())) > 100


@pytest.mark.parametrize(
    "values", [[0], [1], [2047, 2048], [10**12, 1, 1], [2**62], list(range(5000))]
)
def test_values_at_the_encodings_edges_survive(values: list[int]) -> None:
    histogram = Histogram.of(values)
    counts = hdr_decoder.decode(hdr.compressed_base64(histogram))
    assert counts == dict(
        zip(hdr.highest_of(histogram.indexes).tolist(), histogram.counts.tolist())
    )


@pytest.mark.parametrize(
    "value", [0, 1, -1, 63, 64, -(10**6), 2**31, 2**55, 2**62, -(2**62)]
)
def test_numbers_of_one_to_nine_bytes_survive(value: int) -> None:
    made = hdr.zigzag(value)
    assert hdr_decoder._zigzag(made, 0) == (value, len(made)) and len(made) <= 9


@pytest.fixture(scope="module")
def java(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command that reads a log with HdrHistogram itself; skips where there is no Java."""
    if not shutil.which("javac") or not shutil.which("java"):
        pytest.skip(
            "no javac: a JDK is 200 MB, so only used where it is; the Python decoder reads all"
        )
    if not HDR_JAR.exists():
        pytest.skip(f"{HDR_JAR} is not there: libhdrhistogram-java is not installed")
    folder = tmp_path_factory.mktemp("java")
    subprocess.run(["javac", "-cp", HDR_JAR, "-d", folder, HERE / "hlog_check.java"], check=True)
    return ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{HDR_JAR}:{folder}", "HlogCheck"]


def test_hdrhistogram_reads_the_log_and_agrees_to_three_digits(
    some: records.Run, java: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "run.hlog"
    file.write_text(export.convert(some, "hlog"))
    done = subprocess.run([*java, file], capture_output=True, text=True, check=True)
    expected, seen = _logged(some), 0
    for line in done.stdout.splitlines():
        tag, count, most, began, ended, *percentiles = line.split()
        started = some.manifest["started_unix_ns"] // 10**6
        assert int(began) <= int(ended) and abs(int(ended) - started) < 3600_000  # ms
        ours = [
            h for h in expected[tag] if (h.count, h.maximum) == (int(count), _about(h, int(most)))
        ]
        assert any(
            np.allclose([h.percentile(q) for q in (50, 90, 99, 99.9)], [*map(int, percentiles)], rtol=1e-3, atol=1)
            for h in ours
        ), line  # fmt: skip
        seen += 1
    assert seen == sum(map(len, expected.values()))


def _about(histogram: Histogram, most: int) -> float:
    """HdrHistogram tells the highest value of the last bucket as the maximum."""
    return histogram.maximum if most == hdr.highest_of(histogram.indexes)[-1] else math.nan


def test_the_percentile_file_is_hdrhistograms_own_line_by_line(
    some: records.Run, java: list[str], tmp_path: Path
) -> None:
    one = next(r for r in rows.of_run(some) if r.experiment == "latency" and r.interval)
    single = records.Run(some.path, some.manifest, some.environment, one.launches[0], [])
    log = tmp_path / "one.hlog"
    log.write_text(export.convert(single, "hlog"))
    done = subprocess.run([*java, log, one.name], capture_output=True, text=True, check=True)
    theirs = [line for line in done.stderr.splitlines() if not line.startswith("#")]
    [ours] = export.convert(single, "hgrm").values()
    assert [line.split() for line in ours.splitlines() if not line.startswith("#")] == [line.split() for line in theirs]  # fmt: skip
    footer = lambda text, word: float(re.search(rf"{word}\s*=\s*([\d.]+)", text)[1])  # noqa: E731
    for word in ("Max ", "Total count", "Buckets", "SubBuckets"):
        assert footer(ours, word) == footer(done.stderr, word)
    for word in ("Mean", "StdDeviation"):
        assert footer(ours, word) == pytest.approx(footer(done.stderr, word), rel=2e-3)


def test_percentile_files_have_names_that_fit_and_merge_the_launches(some: records.Run) -> None:
    made = export.convert(some, "hgrm")
    assert all(len(name.encode()) <= 255 and "/" not in name for name in made)
    with_histogram = [r for r in rows.of_run(some) if r.interval and r.launches[0][0].histogram()]
    assert len(made) == len(with_histogram)
    for row in with_histogram[:5]:
        total = sum(r.histogram().count for launch in row.launches for r in launch)
        last = [line for line in made[hgrm.file_name(row)].splitlines() if line[:1] == " "][-1]
        assert last.split()[1:] == ["1.000000000000", str(total)]
