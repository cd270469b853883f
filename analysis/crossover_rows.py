"""What crossover_fit.py found, for machines (rows of summary.json, schema in results/README.md)
and in words.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import crossing
import crossover_fit
import stats
from crossover_fit import Finding
from records import Run, by_launch, group
from series import Levels
from style import about_bytes

AXES = ("placement", "wait", "touch", "access", "batch", "idle")


def row(found: Finding) -> dict[str, Any]:
    """One entry of summary.json's `crossover`: bytes and ns; None = no value, infinite bounds as
    strings.
    """
    answer, fit, axes = found.answer, found.fit, found.costs.axes
    limit = crossover_fit.queue_limit(found.costs)
    return {
        "queue": found.queue,
        "transport": axes["transport"],
        "pattern": axes["pattern"],
        "metric": found.costs.metric,
        **{name: axes.get(name) for name in AXES},
        "T_bytes": number(answer.T_bytes),
        "lo": number(answer.lo),
        "hi": number(answer.hi),
        "p_in_range": number(answer.p_in_range),
        "judged": answer.judged,
        "status": answer.status,
        "crossings": [_crossing(one) for one in answer.crossings],
        "winner": answer.winner,
        "blocks": answer.blocks,
        "queue_limit_bytes": None if math.isinf(limit) else limit,
        "dominance": [[int(s), who] for s, who in zip(answer.sizes, answer.dominance)],
        "a_q": number(fit.a_q),
        "a_s": number(fit.a_s),
        "b_q": number(fit.b_q),
        "b_s": number(fit.b_s),
        "d": number(fit.d),
        "model_T_bytes": number(fit.T_bytes),
        "model_lo": number(fit.lo),
        "model_hi": number(fit.hi),
        "fieller": None if fit.fieller is None else [number(bound) for bound in fit.fieller],
        "regime_bytes": None if fit.regime is None else [number(bound) for bound in fit.regime],
        "mismatch": fit.mismatch,
        "auto_worse_bytes": None if not _judged(found) else [int(s) for s in found.auto.worse],
        "doubts": doubts(found),
    }


def _judged(found: Finding) -> bool:
    return found.auto is not None and found.auto.judged


def _crossing(one: crossing.Crossing) -> dict[str, Any]:
    return {
        "T_bytes": number(one.T_bytes),
        "lo": number(one.lo),
        "hi": number(one.hi),
        "rising": one.rising,
        "between_bytes": [int(size) for size in one.between],
    }


def number(value: float | None) -> float | str | None:
    """A JSON number of seven digits; infinities as "inf" and "-inf", NaN and None as null."""
    if value is None or math.isnan(value):
        return None
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return float(f"{value:.7g}")


def headline(found: Finding) -> str:
    """The answer in a few words, such as `T = 6.99Ki B [6.97Ki, 7.01Ki]`."""
    answer = found.answer
    if not answer.judged:
        said = f"T not judged: {unjudged(answer)}"
    elif answer.status == "none":
        span = f"{about_bytes(answer.sizes[0])} to {about_bytes(answer.sizes[-1])} B"
        names = {crossing.kQueue: "queue wins", crossing.kShm: "shared memory wins"}
        decided = sum(word == answer.winner for word in answer.dominance)
        said = f"no crossing, {span}: {names.get(answer.winner or '', 'undecided')}"
        if answer.winner in names and decided < len(answer.dominance):
            short = {crossing.kQueue: "queue", crossing.kShm: "shm"}[answer.winner]
            said = f"no crossing; {short} wins at {decided} of {len(answer.dominance)} sizes"
    else:
        said = "T = " + ", ".join(_T(one) for one in answer.crossings)
    limit = crossover_fit.queue_limit(found.costs)
    return said if math.isinf(limit) else f"{said}; larger: shm only"


def unjudged(answer: crossing.Crossover) -> str:
    """`4 blocks, 6 needed; seen between 32 and 8Ki B`: all that too few blocks can say."""
    seen = [f"{about_bytes(low)} and {about_bytes(high)} B" for low, high in
            (one.between for one in answer.crossings)]  # fmt: skip
    where = f"; seen between {', '.join(seen)}" if seen else ""
    return f"{answer.blocks} blocks, {stats.kMinLaunches} needed{where}"


def label(one: Finding, others: list[Finding]) -> str:
    """What tells one finding from the others: its queue, and the axes and metric where they
    differ.
    """
    facts = [{**f.costs.axes, "metric": f.costs.metric} for f in (one, *others)]
    names = [a for a in ("pattern", "metric", *AXES) if len({str(f.get(a)) for f in facts}) > 1]
    words = [f"batch {facts[0][a]}" if a == "batch" else str(facts[0].get(a)) for a in names]
    return " · ".join([one.queue, *dict.fromkeys(words)])


def _T(one: crossing.Crossing) -> str:
    bounds = "" if one.lo is None else f" [{about_bytes(one.lo)}, {about_bytes(one.hi or 0)}]"
    return f"{about_bytes(one.T_bytes)} B{bounds}{'' if one.rising else ' (back to the queue)'}"


def doubts(found: Finding) -> list[str]:
    """What limits the answer, one sentence each: blocks, levels, the model, and where `auto`
    loses.
    """
    said = [found.answer.note] if found.answer.note else []
    if found.costs.left_out:
        pairs = "1 pair" if found.costs.left_out == 1 else f"{found.costs.left_out} pairs"
        said.append(f"{pairs} left out: the canary was at different levels")
    if found.fit.mismatch:
        said.append(f"the formula gives {about_bytes(found.fit.T_bytes or 0)} B: model_mismatch")
    said += [found.fit.note] if found.fit.note and found.fit.note != found.answer.note else []
    if found.auto is not None and not found.auto.judged:
        said.append(f"auto is not judged: it needs {stats.kMinLaunches} blocks at a size")
    if found.auto is not None and found.auto.worse:
        sizes = ", ".join(about_bytes(size) for size in found.auto.worse)
        said.append(f"auto is more than 3 % slower than its better part at {sizes} B")
    return said


def dominance(found: Finding) -> list[tuple[float, float, str]]:
    """(from, to, faster path) in bytes for every size; a size reaches half way, on logs, to its
    neighbours.

    `only shm` where the queue takes no such size.
    """
    who = dict(zip(found.answer.sizes, found.answer.dominance))
    limit = crossover_fit.queue_limit(found.costs)
    sizes = [float(s) for s in found.costs.sizes if s in who or s > limit]
    edges = [math.sqrt(a * b) for a, b in zip(sizes, sizes[1:])]
    bounds = [sizes[0], *edges, sizes[-1]]
    return [(a, b, who.get(s, "only shm")) for a, b, s in zip(bounds, bounds[1:], sizes)]


def as_ratio(d: stats.Interval) -> stats.Interval:
    """D = ln queue - ln shm as the ratio shm / queue."""
    bounds = (None if v is None else math.exp(-v) for v in (d.value, d.hi, d.lo))
    value, low, high = bounds
    return stats.Interval(value or math.nan, low, high, d.coverage, d.n)


def auto_over_queue(one: Finding) -> tuple[Any, Any]:
    """Sizes (bytes) and the median ratio of `auto` to the queue there."""
    logs = stats.log_ratio(one.costs.y["auto"], one.costs.y["queue"])
    medians = stats.column_medians(logs.T)
    here = ~np.isnan(medians)
    return one.costs.sizes[here], np.exp(medians[here])


def plain_over_queue(run: Run, one: Finding) -> dict[float, float]:
    """Size (bytes) to the ratio of the plain queue to the hybrid's queue path: medians over launches, at the usual
    level of the canary; {} where the run did not ask the plain queue the same.
    """
    levels = Levels.of(run)
    mine = [r for r in one.costs.records if r.case["path"] == crossing.kQueue]
    alike = [n for n in (*AXES, "pattern") if n != "access"]
    asked = [
        r for r in run.of("crossover", transport=one.queue, path="raw")
        if all(r.case.get(n) == one.costs.axes.get(n) for n in alike)
    ]  # fmt: skip
    sides = []
    for records in (asked, mine):
        level = levels.main([*asked, *mine]) if asked else None
        at = group([r for r in records if levels.level(r) == level], lambda r: r.message_bytes)
        sides.append(
            {
                k: stats.median_interval(by_launch(rs, lambda r: r.p50_ns)).value
                for k, rs in at.items()
            }
        )
    plain, queue = sides
    return {float(s): plain[s] / queue[s] for s in sorted(plain) if s in queue}


def plotted(one: Finding, plain: dict[float, float]) -> list[dict[str, Any]]:
    """The numbers of the ratio plot as the CSV holds them: one row a size."""
    auto = dict(zip(*auto_over_queue(one))) if one.auto is not None else {}
    shown = {a: one.costs.axes.get(a) for a in ("pattern", *AXES)}
    T = {"T_bytes": one.answer.T_bytes, "T_lo": one.answer.lo, "T_hi": one.answer.hi}
    return [
        {"queue": one.queue, "metric": one.costs.metric, **shown, "message_bytes": int(size),
         "shm_over_queue": r.value, "lo": r.lo, "hi": r.hi, "blocks": r.n, "faster": who,
         "auto_over_queue": auto.get(size),
         "plain_over_queue": plain.get(float(size)), "status": one.answer.status, **T}
        for size, r, who in zip(one.answer.sizes, map(as_ratio, one.answer.difference),
                                one.answer.dominance)
    ]  # fmt: skip
