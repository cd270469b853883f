"""What every figure script shares: its command line, its result, and its panels on pages."""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import command
import records
import style
from records import Record, RecordsError, Run

PANELS_A_PAGE = 8
LEFT_IN, LABEL_IN_A_LETTER = 0.9, 0.071
GAP_IN, TOP_IN = 0.85, 0.75  # between rows: tick labels, axis label, title; above the first


@dataclass(frozen=True)
class Drawn:
    """A figure on disk, and the words the report puts beside it."""

    name: str
    title: str
    text: str  # how to read it
    caption: str
    path: Path  # its SVG


Draw = Callable[[Run, Path], list[Drawn]]


def main(draw: Draw, doc: str | None, argv: list[str] | None = None) -> int:
    """`NAME.py RUN_DIR [-o OUT_DIR]`: load, draw, print what was written; 2 for what cannot be read."""
    parser = command.Parser(doc)
    parser.add_argument("run_dir", type=Path, help="a run folder")
    parser.add_argument("-o", "--out-dir", type=Path, help="default: RUN_DIR/figures")
    given = parser.parse_args(argv)
    return command.ended(lambda: _drawn(draw, given, parser.prog))


def _drawn(draw: Draw, given: argparse.Namespace, prog: str) -> int:
    try:
        run = records.load(given.run_dir)
        out = given.out_dir or given.run_dir / "figures"
        writable(out)
        drawn = draw(run, out)
    except (RecordsError, OSError) as error:
        print(f"{prog}: {said(error)}", file=sys.stderr)
        return 2
    for figure in drawn:
        print(figure.path)
    if not drawn:
        print(f"{run.path}: nothing to draw: no such records", file=sys.stderr)
    return 0


def writable(folder: Path) -> None:
    """Make the folder and a file in it, or raise OSError: found out before all is drawn, not after."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(error.errno, f"cannot write there: {error.strerror}", str(folder)) from None


def said(error: Exception) -> str:
    """An error as one line: the file it is about, then the system's words."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def pages(panels: list, size: int = PANELS_A_PAGE) -> list[tuple[str, list]]:
    """Panels cut into pages, each with the suffix of its figure's name: ``, `-2`, `-3`."""
    cut = [panels[i : i + size] for i in range(0, len(panels), size)]
    return [(f"-{i + 1}" if i else "", part) for i, part in enumerate(cut)]


def grid(
    count: int,
    row_in: float = style.ROW_IN,
    columns: int | None = None,
    labels: list[str] = [],
    gap_in: float = GAP_IN,
    top_in: float = TOP_IN,
) -> tuple[Figure, list[Axes]]:
    """A figure of `count` panels in a grid, with room right of each for its direct labels.

    `gap_in` lies between two rows, `top_in` above the first; a panel's title of several lines wants more.
    """
    columns = columns or min(count, 2 if labels else 3)
    rows = math.ceil(count / columns)
    right_in = 0.2 + LABEL_IN_A_LETTER * max(map(len, labels), default=0)
    width, height = style.WIDTH_IN, row_in * rows + 0.8
    fig = plt.figure(figsize=(width, height))
    axes = [fig.add_subplot(rows, columns, i + 1) for i in range(count)]
    between = right_in + 0.75
    inside = (width - LEFT_IN - right_in - between * (columns - 1)) / columns
    fig.subplots_adjust(
        left=LEFT_IN / width,
        right=1 - right_in / width,
        top=1 - top_in / height,
        wspace=between / inside,
        hspace=gap_in / (row_in - gap_in),
    )
    return fig, axes


def finished(
    fig: Figure,
    run: Run,
    out_dir: Path,
    about: tuple[str, str, str | None],
    used: Iterable[Record],
    rows: list[dict],
) -> list[Drawn]:
    """Caption and files of a figure that is one page of one experiment; `about`: its name, title and docstring."""
    name, words, doc = about
    missing = style.absent(r for r in run.records if r.experiment == name)
    text = style.caption(run, used, missing)
    style.finish(fig, text)
    path = style.save(fig, out_dir, name, rows)
    return [Drawn(name, words, doc or "", text, path)]


def title(fig: Figure, text: str) -> None:
    """The figure's title, top left."""
    width, height = fig.get_size_inches()
    fig.text(0.1 / width, 1 - 0.1 / height, text, fontsize=12, fontweight="bold", va="top")


def key(fig: Figure, handles: list) -> None:
    """A figure's legend, top right, beside its title: a row of three at a time, fewer where they would overprint it."""
    width, height = fig.get_size_inches()
    renderer = fig.canvas.get_renderer()
    room = max((t.get_window_extent(renderer).x1 for t in fig.texts), default=0)
    for columns in range(min(len(handles), 3), 0, -1):
        legend = fig.legend(handles=handles, loc="upper right", ncol=columns, fontsize=7.5,
                            bbox_to_anchor=(1 - 0.12 / width, 1 - 0.02 / height), borderaxespad=0.2,
                            handlelength=1.6, handletextpad=0.5, columnspacing=1.2, labelspacing=0.3)  # fmt: skip
        if columns == 1 or legend.get_window_extent(renderer).x0 > room:
            return
        legend.remove()


def key_beside(ax: Axes) -> None:
    """A panel's legend on its right, close and small: a run of everything has two dozen entries."""
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.02), handletextpad=0.1, fontsize=6.5,
              labelspacing=0.15)  # fmt: skip
