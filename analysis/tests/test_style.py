"""Style: files repeat byte for byte, labels are readable, colours follow from the records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import axes
import families
import figure
import latency
import style
from records import Run


@pytest.mark.parametrize(
    "value, text", [(1, "1"), (65, "65"), (1024, "1Ki"), (65536, "64Ki"), (1 << 20, "1Mi")]
)
def test_sizes_are_binary(value: int, text: str) -> None:
    assert style.bytes_label(value) == text


@pytest.mark.parametrize(
    "value, text",
    [(0.13, "0.13 ns"), (118, "118 ns"), (999.7, "1 µs"), (4900, "4.9 µs"), (1e6, "1 ms"),
     (float("nan"), "–")],
)  # fmt: skip
def test_times_have_three_digits(value: float, text: str) -> None:
    assert style.time_label(value) == text


def test_axis_labels_stand_in_every_format_where_the_first_has_them(tmp_path: Path) -> None:
    fig, (ax,) = figure.grid(1)
    ax.set(xlabel="x", ylabel="y")
    fig.savefig(tmp_path / "first.svg")
    here = [label.get_position() for label in (ax.xaxis.label, ax.yaxis.label)]
    style._keep_labels(fig)
    fig.savefig(tmp_path / "again.svg")
    again = [label.get_position() for label in (ax.xaxis.label, ax.yaxis.label)]
    assert again == [pytest.approx(position) for position in here]


def test_a_figure_drawn_twice_is_the_same_files(
    narrow: Run, tmp_path: Path, every_format: None
) -> None:
    for folder in ("a", "b"):
        latency.draw(replace(narrow, memo={}), tmp_path / folder)
    files = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert [f"latency.{e}" for e in ("csv", "pdf", "png", "svg")] == files
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_every_transport_has_a_look_and_a_hybrid_its_queues_colour(run: Run) -> None:
    looks = families.looks(run)
    assert set(looks) == {r.transport for r in run.records}
    assert looks["hybrid_pipe"].colour == looks["pipe"].colour
    queues = [n for n in looks if n in ("pipe", "tcp", "unix_stream", "posix_mq")]
    assert len({looks[n].colour for n in queues}) == len(queues)


def test_a_hybrids_queue_is_the_longest_name_in_it() -> None:
    names = {"unix_stream": 1, "stream": 1}
    assert families.queue_of("hybrid_unix_stream", names) == "unix_stream"
    assert families.queue_of("hybrid_other", names) is None


def test_a_label_hangs_at_its_lines_end_though_margins_came_late() -> None:
    fig, (ax,) = figure.grid(1, labels=["pipe"])
    ax.plot([1, 2, 3], [1, 10, 5])
    ax.margins(0.3)
    style.label_ends(ax, [(3, 5, "pipe", "#000000")])
    tie, (_, at) = ax.lines[-1], ax.transAxes.inverted().transform(ax.transData.transform((3, 5)))
    assert tie.get_ydata()[0] == pytest.approx(at)


def test_labels_are_pushed_apart_and_keep_their_order() -> None:
    placed = axes._spread([0.5, 0.52, 0.1, 0.51], 0.1)
    ordered = sorted(placed)
    assert all(b - a >= 0.1 - 1e-9 for a, b in zip(ordered, ordered[1:]))
    assert [i for i, _ in sorted(enumerate(placed), key=lambda e: e[1])] == [2, 0, 3, 1]


def test_the_caption_names_machine_commit_repetitions_and_what_is_missing(run: Run) -> None:
    text = style.caption(run, run.of("latency", transport="pipe"), ["everything else"])
    for words in ("Synthetic CPU", "commit 0123456789", "n = 6 launches", "wait block", "idle polling",
                  "missing: everything else"):  # fmt: skip
        assert words in text


@pytest.mark.parametrize("low, high", [(1, 1.03), (90, 99), (95, 130), (3, 9), (1, 5e3), (1, 1e30)])
def test_a_log_axis_has_a_handful_of_ticks_wherever_its_limits_go(low: float, high: float) -> None:
    ticks = style.LogTicks().tick_values(low, high)
    assert 1 <= len(ticks) <= 12 and all(low <= t <= high for t in ticks)
    assert style.LogTicks().tick_values(-1, 1) == []
