"""Panels stay readable however many transports there are, and a hybrid stands beside its plain queue."""

from __future__ import annotations

import copy
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import families
import latency
import made_records
import records
import style
import synthetic
import threshold
import timeout_price
from panels import EMPHASISED, chosen, panels
from records import Run
from series import Levels

KINDS = ("pipe", "socket", "async", "one_copy", "notification")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Forty transports in five families, and the hybrids."""
    folder = synthetic.generate(
        tmp_path_factory.mktemp("many"), blocks=1, experiments=("latency",), samples=50
    )
    run = records.load(folder)
    pipes = [r for r in run.records if r.transport == "pipe"]
    for i in range(40):
        kind = KINDS[i % len(KINDS)] if i < 25 else "socket"  # one large family, four small ones
        for record in pipes:
            made = copy.deepcopy(record)
            raw = made.raw
            raw["case"]["transport"], raw["transport_family"] = f"made_{i:02}", kind
            raw["windows"]["ns_per_message"] = [
                v * (1 + i / 10) for v in raw["windows"]["ns_per_message"]
            ]
            run.records.append(made)
    return run


def test_no_panel_has_more_lines_than_can_be_told_apart(many: Run) -> None:
    found = panels(many.of("latency"), Levels.of(many))
    for panel in found:
        assert len(panel.series) <= EMPHASISED and len(panel.grey) <= EMPHASISED, panel.title


def test_every_line_has_one_home(many: Run) -> None:
    found = panels(many.of("latency"), Levels.of(many))
    lines = [(s.transport, s.variant, p.condition) for p in found for s in p.lines]
    assert len(lines) == len(set(lines))
    known = {r.transport for r in many.of("latency") if families.family(r) != families.FLOOR}
    assert {transport for transport, _, _ in lines} == known


def test_the_best_of_a_family_are_the_emphasised_ones(many: Run) -> None:
    panel = next(p for p in panels(many.of("latency"), Levels.of(many)) if p.grey)
    slowest = max(s.points[0].interval.value for s in panel.series)
    assert all(s.points[0].interval.value >= slowest for s in [*panel.grey, *panel.hidden])
    assert panel.title.startswith("socket") and panel.best[0][1] < slowest


def test_where_more_is_better_the_most_is_emphasised(many: Run) -> None:
    mine = [s for p in panels(many.of("latency"), Levels.of(many)) for s in p.lines]
    at = lambda lines: [s.points[0].interval.value for s in lines]  # noqa: E731
    shown, grey, hidden = chosen(mine, max, 3)
    assert min(at(shown)) >= max(at([*grey, *hidden]))


def test_what_is_not_drawn_is_named_in_the_caption(many: Run, tmp_path: Path) -> None:
    drawn = latency.draw(many, tmp_path)
    assert any("in the CSV only: made_" in d.caption for d in drawn)
    written = "".join((tmp_path / f"{d.name}.csv").read_text() for d in drawn)
    assert all(f"made_{i:02}" in written for i in range(40))


def test_a_hybrid_stands_beside_its_plain_queue(run: Run) -> None:
    found = panels(run.of("latency"), Levels.of(run))
    panel = next(p for p in found if {s.transport for s in p.series} == {"hybrid_pipe"})
    assert [s.transport for s in panel.beside] == ["pipe"]
    assert {s.variant for s in panel.series} == {"queue", "shm"}


def test_T_is_drawn_in_the_panel_of_the_queue_too(run: Run) -> None:
    found = panels(run.of("latency"), Levels.of(run))
    queues = next(p for p in found if "pipe" in {s.transport for s in p.series})
    fig, ax = plt.subplots()
    style.byte_axis(ax, [1, 1 << 20])
    threshold.bands(ax, run, queues)
    assert any(t.get_text().startswith("T pipe ") for t in ax.texts)
    plt.close(fig)


def test_a_record_without_a_family_is_told_by_its_axes_or_other(run: Run) -> None:
    kinds = {r.transport: families.family(r) for r in run.records}
    assert kinds["pipe"] == families.OTHER and kinds["shm_ring"] == families.SHARED
    assert kinds["hybrid_pipe"] == families.HYBRID and kinds["cache_line"] == families.FLOOR


def test_the_price_of_a_timeout_is_paired_within_launches(run: Run) -> None:
    asks = copy.deepcopy(run.of("timeout", pattern="ask", transport="pipe"))
    for record in asks:
        if record.case["timeout_ns"] != "inf":  # each launch its own luck, and 300 ns on top
            plain = next(r for r in asks if r.launch_id == record.launch_id
                         and r.case["timeout_ns"] == "inf")  # fmt: skip
            record.raw["windows"]["ns_per_message"] = [
                v + 300 for v in plain.raw["windows"]["ns_per_message"]
            ]
    (price,) = timeout_price.prices(asks, Levels.of(run))
    assert price.extra_ns.value == pytest.approx(300)
    assert price.extra_ns.lo == pytest.approx(300) and price.extra_ns.n == 6
    alone = [r for r in asks if r.case["timeout_ns"] == "inf"]
    assert not timeout_price.prices(alone, Levels.of(run))


def test_the_words_of_a_price_are_one_estimator() -> None:
    """Launches of two speeds: the median difference is below nothing, the median ratio above."""
    pairs = [(1000, 1100), (1000, 1100), (1000, 1100), (90_000, 85_000), (90_000, 85_000), (90_000, 80_000), (90_000, 80_000)]  # fmt: skip
    records = []
    for i, (plain, armed) in enumerate(pairs):
        for timeout, ns in (("inf", plain), (10**9, armed)):
            [made] = made_records.made("timeout", ns, launches=1, pattern="ask", timeout_ns=timeout)
            made.raw["launch_id"] = f"b{i}"
            records.append(made)
    found = timeout_price.prices(records, Levels.of(Run(Path("made"), {}, {}, records, [])))
    assert timeout_price.words(found) == ["pipe -5 µs on 90 µs"]
