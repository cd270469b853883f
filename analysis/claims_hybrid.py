"""The claim about hybrids, 11: a threshold T parts queue from shared memory, follows from four costs, and is never worse."""

from __future__ import annotations

import math
from typing import Any

import claims_parts as parts
import crossing
import crossover_fit
import crossover_rows
import stats
import style
from claims_parts import FEW, HOLDS, REFUTED, UNCLEAR, Judged, Part
from crossover_fit import Finding
from records import Run
from threshold import HEADLINE

HOW = {"ok": HOLDS, "several": REFUTED}


def threshold(run: Run) -> Judged:
    """Claim 11, read for round trips as: (T) the queue is faster below one size and shared memory above it; (formula)
    T as measured without a model is that of (a_s + b_q·d)/(b_q − b_s), their intervals meeting; (auto) the hybrid with
    measured T is nowhere more than 3 % slower than its better part beyond the interval. T is refuted by a path that wins
    at half of the sizes or more and loses at none, or by several crossings, the formula by a mismatch, auto by a size where it is worse.
    """
    heads = [f for f in crossover_fit.of_run(run) if f.costs.metric == HEADLINE]
    found = [p for f in heads for p in (_single(f), *_formula(f), *_auto(f))]
    order = ("T", "formula", "auto")
    found += parts.lacking(found, "part", order)
    return parts.judge(
        sorted(found, key=lambda p: order.index(p.at["part"])), "no hybrid with both of its paths"
    )


def _at(found: Finding, what: str) -> dict[str, Any]:
    axes = {n: found.costs.axes.get(n) for n in crossover_rows.AXES}
    told = {n: v for n, v in axes.items() if isinstance(v, (str, int, float))}
    return {"part": what, "mechanism": found.queue, **told}


def _single(found: Finding) -> Part:
    answer = found.answer
    told = crossover_rows.headline(found).removeprefix("T = ")
    decided = sum(path == answer.winner for path in answer.dominance)
    everywhere = answer.winner in WINNERS and decided * 2 >= len(answer.dominance)
    word = HOW.get(answer.status) or (REFUTED if everywhere else UNCLEAR)
    if answer.status == "ok" and not answer.crossings[0].rising:
        word = REFUTED
    few = answer.blocks < stats.kMinLaunches
    return Part(_at(found, "T"), told, FEW if few else word, answer.blocks)


WINNERS = (crossing.kQueue, crossing.kShm)


def _formula(found: Finding) -> list[Part]:
    fit, blocks = found.fit, found.answer.blocks
    if fit.T_bytes is None:
        return []
    bounded = fit.lo is not None and fit.hi is not None and math.isfinite(fit.hi)
    word = REFUTED if fit.mismatch else HOLDS if bounded else UNCLEAR
    told = f"{style.about_bytes(fit.T_bytes)} B"
    if fit.lo is not None and fit.hi is not None:
        told += f" [{style.about_bytes(fit.lo)}, {style.about_bytes(fit.hi)}]"
    few = blocks < stats.kMinLaunches
    return [Part(_at(found, "formula"), told, FEW if few else word, blocks)]


def _auto(found: Finding) -> list[Part]:
    check = found.auto
    if check is None:
        return []
    worse = ", ".join(f"{style.about_bytes(s)}" for s in check.worse[:3])
    told = f"worse at {worse} B" if check.worse else f"worse at none of {len(check.sizes)} sizes"
    word = REFUTED if check.worse else HOLDS
    launches = min((r.n for r in check.ratio), default=0)
    return [Part(_at(found, "auto"), told, word if check.judged else FEW, launches)]
