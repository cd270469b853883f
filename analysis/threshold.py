"""T of a run as figures and reports use it: found once, drawn as bands, written as summary.json wants it."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.axes import Axes

import crossover_fit
import style
from crossover_fit import Finding
from records import Run
from series import Panel

HEADLINE = "p50"
AXES = ("placement", "wait", "touch", "access", "batch", "idle")


def findings(run: Run) -> list[Finding]:
    """All findings of a run, computed once."""
    if "findings" not in run.memo:
        run.memo["findings"] = crossover_fit.findings(run.records, run.environment)
    return run.memo["findings"]


def bands(ax: Axes, run: Run, panel: Panel) -> None:
    """T [lo, hi] of each hybrid in the panel that was asked under the same condition."""
    first = panel.records[0].case
    names = {s.transport for s in panel.series}
    looks = style.looks(run)
    found = [
        f
        for f in findings(run)
        if f.costs.metric == HEADLINE
        and f.answer.T_bytes
        and f.costs.axes["transport"] in names
        and all(f.costs.axes.get(n) == first.get(n) for n in ("placement", "wait", "idle", "touch"))
    ]
    for i, finding in enumerate(sorted(found, key=lambda f: f.answer.T_bytes or 0)):
        answer, colour = finding.answer, looks[finding.costs.axes["transport"]].colour
        low, high = ax.get_xlim()
        if answer.lo is not None and answer.hi is not None:
            ax.axvspan(max(answer.lo, low), min(answer.hi, high), color=colour, alpha=0.16, lw=0)
        ax.axvline(answer.T_bytes, color=colour, lw=0.8, alpha=0.8)
        words = f"T {finding.queue} {style.about_bytes(answer.T_bytes)}"
        ax.annotate(words, (answer.T_bytes, 0.98 - 0.05 * i), (-3, 0), color=colour, fontsize=7,
                    xycoords=("data", "axes fraction"), textcoords="offset points",
                    ha="right", va="top", bbox={"fc": style.PAPER, "ec": "none", "pad": 0.6})  # fmt: skip


def entry(finding: Finding) -> dict[str, Any]:
    """One row of summary.json's `crossover`."""
    answer, fit = finding.answer, finding.fit
    return {
        "queue": finding.queue,
        "pattern": finding.costs.axes.get("pattern"),
        "metric": finding.costs.metric,
        **{name: finding.costs.axes.get(name) for name in AXES},
        "T_bytes": plain(answer.T_bytes),
        "lo": plain(answer.lo),
        "hi": plain(answer.hi),
        "p_in_range": plain(answer.p_in_range),
        "status": answer.status,
        "crossings": [
            {"T_bytes": plain(c.T_bytes), "lo": plain(c.lo), "hi": plain(c.hi), "rising": c.rising}
            for c in answer.crossings
        ],
        "winner": answer.winner,
        "a_s": plain(fit.a_s),
        "b_q": plain(fit.b_q),
        "b_s": plain(fit.b_s),
        "d": plain(fit.d),
        "model_T_bytes": plain(fit.T_bytes),
        "model_lo": plain(fit.lo),
        "model_hi": plain(fit.hi),
        "mismatch": fit.mismatch,
        "note": "; ".join(filter(None, [answer.note, fit.note])),
    }


def plain(value: float | None) -> Any:
    """A number as JSON has it: infinities are words, nan is null."""
    if value is None or math.isnan(value):
        return None
    return value if math.isfinite(value) else "inf" if value > 0 else "-inf"
