"""What a batch shares: the cost of a message in it, c(B) = m + s/B, fitted to a line's points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import lines
import stats
from panels import Panel
from records import Run
from series import Levels, Series, series


def cost_lines(run: Run, levels: Levels) -> list[Series]:
    """ns per message over the batch size, where there are several sizes."""
    poured = run.of("batching", pattern="pour")
    return [s for s in series(poured, levels, x="batch") if len(s.points) > 1] if poured else []


def shares(line: Series) -> tuple[float, float]:
    """m and s, ns: least squares of relative errors, neither below zero."""
    batch = np.array([p.x for p in line.points])
    cost = np.array([p.interval.value for p in line.points])
    columns = np.column_stack([1 / cost, 1 / (batch * cost)])
    m, s = np.linalg.lstsq(columns, np.ones(len(cost)), rcond=None)[0]
    if m >= 0 and s >= 0:
        return float(m), float(s)
    alone = columns.sum(axis=0) / (columns**2).sum(axis=0)  # the better one by itself
    off = ((columns * alone - 1) ** 2).sum(axis=0)
    return (float(alone[0]), 0.0) if off[0] <= off[1] else (0.0, float(alone[1]))


def rows(found: list[Series]) -> list[dict[str, Any]]:
    """One a point, with the fit of its line."""
    told = []
    for line in found:
        m, s = shares(line)
        points = lines.rows(Panel("", [line], []), "batch", "ns_per_message")
        for row, at in zip(points, line.points):
            model = m + s / at.x
            fit = {
                "m_ns": m,
                "s_ns": s,
                "model_ns": model,
                "residual": at.interval.value / model - 1,
            }
            told.append({**row, **fit})
    return told


def predictions(
    run: Run, levels: Levels
) -> Iterator[tuple[str, float, stats.Interval, dict[str, float]]]:
    """The fit, where it has points to spare, against the points it was made of."""
    for line in cost_lines(run, levels):
        m, s = shares(line)
        for at in line.points if len(line.points) > 3 else []:
            yield "cost in a batch (m + s/B, fitted)", m + s / at.x, at.interval, {"B": at.x}
