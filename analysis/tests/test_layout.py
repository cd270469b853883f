"""What a figure must not do to its reader: overprint, empty panels, ties that look like data, labels of nothing."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from matplotlib import pyplot as plt
from matplotlib.lines import Line2D

import axes
import batch_waits
import figure
import latency
import made_records
import percentiles
import style
from panels import Panel
from records import Run
from series import Levels, series


@pytest.mark.parametrize("letters", [10, 50, 70])
def test_a_legend_does_not_overprint_the_title(letters: int) -> None:
    fig, _ = figure.grid(2)
    figure.title(fig, "T" * letters)
    figure.key(fig, [Line2D([], [], label="a legend's words, so many") for _ in range(5)])
    [legend], [title] = fig.legends, fig.texts
    renderer = fig.canvas.get_renderer()
    assert not legend.get_window_extent(renderer).overlaps(title.get_window_extent(renderer))
    plt.close(fig)


def test_a_tie_from_a_label_to_its_line_has_no_lines_colour_within_the_panel() -> None:
    fig, ax = plt.subplots()
    ax.plot([1, 10], [1, 10])
    before = len(ax.lines)
    axes.label_ends(ax, [(3, 3, "a", style.PALETTE[0]), (10, 3.1, "b", style.PALETTE[1])])
    for tie in ax.lines[before:]:
        inside = min(tie.get_xdata()) < 1
        assert (tie.get_color() == axes.TIE) == inside and (tie.get_zorder() < 1) == inside
    plt.close(fig)


def spectra_run(samples: int) -> Run:
    """A pipe at two sizes: many samples at 64 B, as many as told at 64 KiB."""
    records = []
    for size, count in ((64, 2000), (65536, samples)):
        histograms = {"round_trip_ns": [1000.0 + i for i in range(count)]}
        metric = {"quantity": "round_trip_ns", "copies": 2}
        records += made_records.trip("pipe", 1000, size=size, histograms=histograms, metric=metric)
    return Run(Path("made"), {}, {}, records, [])


@pytest.mark.parametrize("samples, shown", [(1, False), (3, True), (40, True)])
def test_a_size_without_one_percentile_has_no_panel_and_is_named(
    samples: int, shown: bool, tmp_path: Path
) -> None:
    [drawn] = percentiles.draw(spectra_run(samples), tmp_path)
    with drawn.path.with_suffix(".csv").open(newline="") as file:
        panels = {row["panel"].partition(" ")[0] for row in csv.DictReader(file)}
    assert panels == ({"64", "64Ki"} if shown else {"64"})
    assert ("missing: 64Ki B" in drawn.caption) != shown


@pytest.mark.parametrize("end", [20, 55, 80, 99.99])
def test_an_axis_of_percentiles_has_ticks_however_early_it_ends(end: float) -> None:
    shown = [1.0, end / 2, end]
    ticks = [100 - 100 / x for x in percentiles._ticks(shown)]
    assert len(ticks) > 1 and all(1 <= t <= end for t in ticks)


def test_shapes_of_transports_are_not_those_of_timeouts() -> None:
    assert not set(batch_waits.STROKES) & set(style.MARKERS)


@pytest.mark.parametrize("at, told", [(64, True), (1 << 20, False)])
def test_the_bare_stream_is_labelled_only_where_it_is_drawn(at: int, told: bool) -> None:
    records = [r for size in (64, 4096) for r in made_records.trip("pipe", 1000, size=size)]
    run = Run(Path("made"), {}, {}, records, [])
    panel = Panel("pipe", series(records, Levels.of(run)), records)
    fig, ax = plt.subplots()
    ends: list[list] = [[]]
    latency._frame([ax], [panel], latency.Limits({8: 100.0}, {at: 300.0}), ends)
    assert (latency.STREAM_WORDS in [words for *_, words, _ in ends[0]]) == told
    assert any(line.get_marker() == "." for line in ax.lines) == told  # a line of one point is none
    plt.close(fig)
