"""One look for all figures: colours, and files that repeat byte for byte.

Nothing here knows a transport: which one has which colour is in families.py. How values are written (labels.py), axes
(axes.py) and captions (caption.py) are used from here too, so that a figure has one place to take its style from.
"""

from __future__ import annotations

import csv
import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.transforms import Affine2D, blended_transform_factory

from axes import LogTicks, byte_axis, cut, few_ticks, label_ends, log_axis, percent_axis
from caption import absent, caption, commit_name, machine_name
from labels import about_bytes, bytes_label, rate_label, time_label

__all__ = ["LogTicks", "byte_axis", "cut", "few_ticks", "label_ends", "log_axis", "percent_axis"]
__all__ += ["absent", "caption", "commit_name", "machine_name"]
__all__ += ["about_bytes", "bytes_label", "rate_label", "time_label"]

INK, MUTED, GRID, PAPER = "#1f2328", "#6a7380", "#e1e5ea", "#ffffff"
GREY = "#b9c0c8"  # lines that are there for company
# Okabe & Ito's colours, the light ones darkened until they can be read on paper, and three between them.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#b0458f", "#c48800", "#3f9fd8", "#7a4f9e", "#6b7a1f")
PALETTE += ("#0f7173", "#8c564b", "#9e2a2b", "#4d4d4d")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "h")
WIDTH_IN, ROW_IN = 11.0, 3.7

plt.rcParams.update(
    {
        "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
        "font.size": 9,
        "svg.fonttype": "none",
        "svg.hashsalt": "ipcmark",
        "text.color": INK,
        "axes.edgecolor": MUTED,
        "axes.labelcolor": INK,
        "axes.titlesize": 10,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.titley": 1.0,  # nothing stands above an axis: no need to seek it, three times a figure
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": GRID,
        "grid.linewidth": 0.7,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "lines.linewidth": 1.5,
        "lines.markersize": 3.8,
        "legend.frameon": False,
        "legend.fontsize": 8,
        "figure.facecolor": PAPER,
        "savefig.dpi": 120,
    }
)


def finish(fig: Figure, text: str, bottom_in: float = 0.55) -> None:
    """Write the caption at the foot, wrapped to the width."""
    width, height = fig.get_size_inches()
    lines = textwrap.wrap(text, int(width * 16.5))
    foot = 0.08 + 0.15 * len(lines)
    fig.text(0.1 / width, 0.06 / height, "\n".join(lines), fontsize=7, color=MUTED, va="bottom")
    fig.subplots_adjust(bottom=(foot + bottom_in) / height)


SVG_DPI = 72  # matplotlib's, whatever the figure's own
# What a figure is saved as, the SVG first since the others take over its layout, and the metadata that would differ from one time to the next.
FORMATS: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


def save(fig: Figure, out_dir: str | Path, name: str, rows: Sequence[dict[str, Any]]) -> Path:
    """Write NAME.svg, .pdf, .png and the plotted numbers as NAME.csv; the same input gives the same bytes."""
    base = Path(out_dir)
    base.mkdir(parents=True, exist_ok=True)
    for ending, metadata in FORMATS.items():
        more = {"pil_kwargs": {"compress_level": 3}} if ending == "png" else {}  # 8 % larger, 2 x
        fig.savefig(base / f"{name}.{ending}", metadata=metadata, **more)
        if ending == "svg":
            _keep_labels(fig)
    plt.close(fig)
    write_csv(base / f"{name}.csv", rows)
    return base / f"{name}.svg"


def _keep_labels(fig: Figure) -> None:
    """Leave the axes' labels where the SVG has them: seeking their places was a fifth of every format's time."""
    points = Affine2D().scale(1 / SVG_DPI) + fig.dpi_scale_trans
    for ax in fig.axes:
        x, y = ax.xaxis.label.get_position(), ax.yaxis.label.get_position()
        ax.xaxis.set_label_coords(*x, blended_transform_factory(ax.transAxes, points))
        ax.yaxis.set_label_coords(*y, blended_transform_factory(points, ax.transAxes))


def write_csv(file: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Rows as CSV, columns in order of first appearance; no value is an empty field."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({k: _cell(v) for k, v in row.items()})


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"{value:.7g}" if isinstance(value, float) else value
