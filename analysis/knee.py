"""The knee of a load curve: the offered rate from which on the median response is twice the smallest.

Twice, because there Kleinrock's power, rate over response, is greatest for M/M/1: half of what is carried. Blocks are
compared with themselves: D_j(rate) = ln response - ln (2 x the block's response at the quietest point of the curve),
and the knee is where D crosses zero upwards, found as T is (crossing.py). A launch that was overloaded is beyond the
knee whatever its response, which only says how long it ran. Left of the quietest point, where idle CPUs first have to
wake, a curve falls; that is no knee.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

import crossing
import stats
from record import Key, Record, by_launch, case_key, freeze, group

kRise = 2.0
kBeyond = 10.0  # an overloaded launch counts as this many times the smallest response, or more
kNear = 1.15  # neighbouring rates this close are not bisected any more
kStep = math.sqrt(10)  # how far beyond a curve that has not bent yet the next rate lies
kHighestRate = 30e6  # of one sender: its clock and schedule alone take about 30 ns a message
Array = stats.Array


@dataclass(frozen=True)
class Knee:
    """Rates per second; `status`: `ok`, `several` (the first is told), `none` (not reached), `overloaded` (no rate
    was carried), `unread` (responses too short for the clocks). Bounds are None below six blocks; `below` and `beyond` are the rates around it.
    """

    status: str
    rate: float | None = None
    lo: float | None = None
    hi: float | None = None
    below: float | None = None
    beyond: float | None = None
    base_ns: float = math.nan  # the smallest median response,
    base_rate: float = math.nan  # and the rate it was seen at
    carried: float = math.nan  # highest rate that was offered and carried


def curves(records: Iterable[Record]) -> dict[Key, list[Record]]:
    """Records by all but their rate."""
    paced = (r for r in records if rate(r) > 0)
    return group(paced, lambda r: (case_key(r, ["rate_per_s"]), freeze(r.metric)))


def rate(record: Record) -> float:
    return float(record.case.get("rate_per_s") or 0)


def overloaded(record: Record) -> bool:
    return bool(record.values.get("overloaded"))


def carried(records: Iterable[Record]) -> list[float]:
    """The rates that most of their launches carried, ascending."""
    at = group(records, rate)
    return sorted(r for r, rs in at.items() if sum(map(overloaded, rs)) * 2 <= len(rs))


def find(curve: list[Record]) -> Knee:
    """The knee of one curve."""
    rates, D, base = _differences(curve)
    held = carried(curve)
    if not held:
        return Knee("overloaded")
    if base is None:
        return Knee("unread", carried=held[-1])
    quiet = {"base_ns": base[1], "base_rate": base[0], "carried": held[-1]}
    if len(rates) < 2:
        return Knee("none", **quiet)
    answer = crossing.crossover(rates, np.exp(D), np.ones_like(D))
    rising = [c for c in answer.crossings if c.rising]
    below, beyond = bracket(rates, D)
    if not rising:
        return Knee("none", below=below, beyond=beyond, **quiet)
    first = rising[0]
    status = "ok" if len(rising) == 1 else "several"
    return Knee(status, first.T_bytes, first.lo, first.hi, *first.between, **quiet)


def bracket(rates: Array, D: Array) -> tuple[float | None, float | None]:
    """The last rate below the knee and the first beyond it, by medians alone; None where there is none."""
    beyond = stats.column_medians(D.T) > 0
    first = int(np.argmax(beyond)) if beyond.any() else len(rates)
    below = float(rates[first - 1]) if first > 0 else None
    return below, float(rates[first]) if first < len(rates) else None


def next_rates(curve: list[Record]) -> list[int]:
    """Where to measure next: half way in the bracket (on logs), or further out where nothing bends yet."""
    rates, D, base = _differences(curve)
    held = carried(curve)
    if not held:
        return [_round(min(map(rate, curve)) / kStep)]
    if base is None:  # what is carried can be told all the same
        below, beyond = held[-1], next((float(at) for at in rates if at > held[-1]), None)
    else:
        below, beyond = bracket(rates, D)
    if beyond is None:
        further = float(rates[-1]) * kStep
        return [_round(further)] if further <= kHighestRate else []
    if below is None or beyond / below < kNear:
        return []
    middle = _round(math.sqrt(below * beyond))
    return [middle] if below < middle < beyond else []


def _round(rate: float) -> int:
    """Two digits: rates are read by people."""
    scale = 10 ** max(math.floor(math.log10(max(rate, 1))) - 1, 0)
    return max(int(round(rate / scale) * scale), 1)


def _differences(curve: list[Record]) -> tuple[Array, Array, tuple[float, float] | None]:
    """Rates from the quietest on, D[block, rate], and that point's rate and response in ns; None if none is carried."""
    rates = sorted({rate(r) for r in curve})
    blocks = sorted({r.block for r in curve})
    y, over = np.full((2, len(blocks), len(rates)), math.nan)
    for (block, at), members in group(curve, lambda r: (r.block, rate(r))).items():
        place = blocks.index(block), rates.index(at)
        responses = by_launch(members, lambda r: r.p50_ns)
        if responses:
            y[place], over[place] = np.median(responses), np.mean([*map(overloaded, members)])
    medians, held = stats.column_medians(y.T), set(carried(curve))
    quiet = [i for i, at in enumerate(rates) if at in held and not math.isnan(medians[i])]
    if not quiet:
        return np.array(rates), np.empty((0, len(rates))), None
    base = min(quiet, key=lambda i: medians[i])
    y, over = y[~np.isnan(y[:, base])], over[~np.isnan(y[:, base])]  # blocks to compare with
    quietest = y[:, base : base + 1].copy()
    y = np.where(over > 0.5, np.fmax(y, kBeyond * quietest), y)
    D = stats.log_ratio(y, kRise * quietest)
    return np.array(rates[base:]), D[:, base:], (rates[base], float(medians[base]))
