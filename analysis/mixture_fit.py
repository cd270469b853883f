"""What a threshold is worth to messages of many sizes: the cost of every T tried, the best, and the measured one.

The unit is a block: all T of a hybrid share its launch and the sizes drawn for it, so costs are compared within a block.
The best of many T is found in other blocks than those it is judged in (leave one out): chosen and judged in the same
ones, it would be the luckiest, and whatever is compared with it would look worse than it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import stats
from records import Record, Run, as_number, freeze, group
from series import Levels

Value = Callable[[Record], float]

METRICS: dict[str, Value] = {
    "ns_per_message": lambda r: r.values.get("stream_ns_per_message", math.nan),
    "cpu_ns": lambda r: r.values.get("stream_cpu_ns_per_message", math.nan),
    "p50": lambda r: _response(r, 50),
    "p99": lambda r: _response(r, 99),
}
PROMISED = 1.03  # the measured T costs at most this much more than the best that a search finds
VARIES = ("path", "threshold_bytes")


def _response(record: Record, q: float) -> float:
    return math.nan if record.values.get("overloaded") else record.percentile(q, "response_ns")[0]


@dataclass(frozen=True)
class Mixture:
    """One hybrid, distribution and condition under one metric: logs of ns, NaN where not measured."""

    axes: dict[str, Any]
    metric: str
    Ts: tuple[float, ...]  # bytes; 0: all through shared memory; inf: all through the queue
    y: stats.Array  # block x T
    auto: stats.Array  # block: at the measured T
    auto_T: float | None
    plain: dict[str, stats.Array]  # block: transports without a T under the same condition
    left_out: int  # values at another level of the canary than their launch
    records: list[Record] = field(repr=False, default_factory=list)

    @property
    def queue(self) -> str:
        return str(self.axes["transport"]).removeprefix("hybrid_")

    @property
    def blocks(self) -> int:
        return int(np.count_nonzero(~np.all(np.isnan(self.y), axis=1)))


def mixtures(run: Run) -> list[Mixture]:
    """Everything the run measured; [] without a hybrid at two thresholds."""
    if "mixtures" not in run.memo:
        records = run.of("mixture", pattern="pace")
        levels = Levels.of(run)
        hybrids = [r for r in records if r.case["path"] != "raw"]
        plain = [r for r in records if r.case["path"] == "raw"]
        found = [
            _mixture(members, plain, metric, levels)
            for members in group(hybrids, lambda r: freeze(r.case, VARIES)).values()
            for metric in METRICS
        ]
        run.memo["mixtures"] = [m for m in found if len(m.Ts) > 1 and m.blocks]
    return run.memo["mixtures"]


def by_case(found: list[Mixture]) -> dict[Any, list[Mixture]]:
    """Findings by what stands above a panel: all metrics of one case together."""
    panels: dict[Any, list[Mixture]] = {}
    for one in found:
        panels.setdefault(freeze(one.axes, VARIES), []).append(one)
    return panels


def _mixture(records: list[Record], plain: list[Record], metric: str, levels: Levels) -> Mixture:
    blocks = sorted({r.block for r in records})
    row = {block: i for i, block in enumerate(blocks)}
    fixed = [r for r in records if r.case["path"] != "auto"]
    Ts = sorted({as_number(r.case["threshold_bytes"]) for r in fixed})
    y, auto = np.full((len(blocks), len(Ts)), math.nan), np.full(len(blocks), math.nan)
    column, left_out, chosen = {T: i for i, T in enumerate(Ts)}, 0, []
    for members in group(records, lambda r: r.launch_id).values():
        main = levels.main(members)
        for record in members:
            if levels.level(record) != main:
                left_out += 1
                continue
            value, T = math.log(METRICS[metric](record)), as_number(record.case["threshold_bytes"])
            if record.case["path"] == "auto":
                auto[row[record.block]] = value
                chosen.append(T)
            else:
                y[row[record.block], column[T]] = value
    known = ~np.all(np.isnan(y), axis=0)
    return Mixture(
        axes=records[0].case,
        metric=metric,
        Ts=tuple(T for T, have in zip(Ts, known) if have),
        y=y[:, known],
        auto=auto,
        auto_T=float(np.median(chosen)) if chosen else None,
        plain=_plain(records[0], plain, metric, row),
        left_out=left_out,
        records=records,
    )


def _plain(like: Record, plain: list[Record], metric: str, row: dict[int, int]) -> dict[str, Any]:
    without = ("transport", "path", "threshold_bytes", "backing", "page_bytes", "home", "address")
    mine = [r for r in plain if freeze(r.case, without) == freeze(like.case, without)]
    found = {}
    for name, members in group(mine, lambda r: r.transport).items():
        found[name] = np.full(len(row), math.nan)
        for record in members:
            if record.block in row:
                found[name][row[record.block]] = math.log(METRICS[metric](record))
    return found


def best(y: stats.Array) -> int:
    """Column of the lowest cost: the least median, over blocks, of what it costs beside the block's other T.

    Only of those measured in as many blocks as any: what a disturbed block left out is no candidate.
    """
    return int(_best_of_each(y[None])[0])


def _best_of_each(y: stats.Array) -> stats.Array:
    """`best` of every sample of y[sample, block, T]."""
    measured = np.isfinite(y)
    have = np.count_nonzero(measured, axis=1)
    everywhere = np.all(measured, axis=1, keepdims=True)
    everywhere |= ~np.any(everywhere, axis=2, keepdims=True)  # none: all that there is
    middle = np.nanmean(np.where(everywhere, y, math.nan), axis=2, keepdims=True)
    medians = stats.column_medians(np.swapaxes(y - middle, 1, 2))
    candidates = np.where(have == have.max(axis=1, keepdims=True), medians, math.inf)
    return np.nanargmin(candidates, axis=1)


def best_interval(mixture: Mixture) -> tuple[float, float] | None:
    """T from and to which the best lies in 95 of 100 resamples of blocks; None below six blocks."""
    y = whole(mixture.y)
    if len(y) < stats.kMinLaunches:
        return None
    picks = np.array(mixture.Ts)[_best_of_each(y[stats.block_resamples(len(y), 500)])]
    return stats.nearest_rank_interval(picks)


def whole(y: stats.Array) -> stats.Array:
    """Without the blocks that have nothing."""
    return y[~np.all(np.isnan(y), axis=1)]


def against_best(mixture: Mixture, values: stats.Array) -> stats.Interval | None:
    """A case's cost over that of the best T, which is found in all blocks but the one it is judged in."""
    ratios = []
    for block, value in enumerate(values):
        others = whole(np.delete(mixture.y, block, axis=0))
        if len(others) and math.isfinite(value):
            ratios.append(math.exp(value - mixture.y[block, best(others)]))
    ratios = [r for r in ratios if math.isfinite(r)]
    return stats.median_interval(ratios) if ratios else None


def over_best(mixture: Mixture) -> list[stats.Interval]:
    """Every T's cost over that of the best of all blocks: the curve; 1 at the best by construction."""
    at = mixture.y[:, [best(whole(mixture.y))]]
    return [_median(np.exp(column)) for column in (mixture.y - at).T]


def _median(values: stats.Array) -> stats.Interval:
    if np.any(np.isfinite(values)):
        return stats.median_interval(values)
    return stats.Interval(math.nan, None, None, None, 0)


def tolerated(mixture: Mixture) -> tuple[float, float]:
    """T around the best that cost at most 3 % more: how far from it one may be before it matters."""
    ratios = [one.value for one in over_best(mixture)]
    low = high = best(whole(mixture.y))
    while low > 0 and ratios[low - 1] <= PROMISED:
        low -= 1
    while high + 1 < len(ratios) and ratios[high + 1] <= PROMISED:
        high += 1
    return mixture.Ts[low], mixture.Ts[high]


def verdict(ratio: stats.Interval | None) -> str:
    """Whether the measured T is within 3 % of the best: `holds`, `broken`, or `undecided` by its interval."""
    if ratio is None:
        return "not measured"
    if ratio.lo is None or ratio.hi is None:
        return "undecided"
    return "holds" if ratio.hi <= PROMISED else "broken" if ratio.lo > PROMISED else "undecided"
