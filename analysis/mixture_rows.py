"""What mixture_fit.py found, for machines (rows of summary.json, schema in results/README.md) and in words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import mixture_fit
import stats
import style
from crossover_rows import number
from mixture_fit import Mixture
from records import Run
from stats import Interval

AXES = ("sizes", "message_bytes", "rate_per_s", "placement", "wait", "touch", "idle")
NAMES = {"ns_per_message": "time a message", "cpu_ns": "CPU time a message", "p50": "p50 response",
         "p99": "p99 response"}  # fmt: skip
COLUMNS = ("messages", "what", "best T", "costs at most 3 % more", "measured T", "over the best", "queue only", "memory only", "verdict")  # fmt: skip


def rows(run: Run) -> list[dict[str, Any]]:
    """One entry of summary.json's `mixture` for each hybrid, distribution, condition and metric."""
    return [row(found) for found in mixture_fit.mixtures(run)]


def row(found: Mixture) -> dict[str, Any]:
    """Bytes and ratios; None = no value, infinite bounds as strings."""
    interval, ratio = mixture_fit.best_interval(found), auto_ratio(found)
    low, high = mixture_fit.tolerated(found)
    ends = {name: end_ratio(found, T) for name, T in (("queue", float("inf")), ("shm", 0.0))}
    return {
        "transport": found.axes["transport"],
        "metric": found.metric,
        **{name: found.axes.get(name) for name in AXES},
        "blocks": found.blocks,
        "best_T_bytes": number(best_T(found)),
        "best_lo": number(interval[0] if interval else None),
        "best_hi": number(interval[1] if interval else None),
        "tolerated_lo": number(low),
        "tolerated_hi": number(high),
        "auto_T_bytes": number(found.auto_T),
        **_ratio("auto_over_best", ratio),
        **_ratio("queue_over_best", ends["queue"]),
        **_ratio("shm_over_best", ends["shm"]),
        "verdict": mixture_fit.verdict(ratio),
        "why": why(found, ratio),
    }


def _ratio(name: str, ratio: Interval | None) -> dict[str, Any]:
    if ratio is None:
        return {name: None, f"{name}_lo": None, f"{name}_hi": None}
    return {
        name: number(ratio.value), f"{name}_lo": number(ratio.lo), f"{name}_hi": number(ratio.hi)
    }  # fmt: skip


def best_T(found: Mixture) -> float:
    """The T that costs least, in bytes."""
    return found.Ts[mixture_fit.best(mixture_fit.whole(found.y))]


def auto_ratio(found: Mixture) -> Interval | None:
    """The measured T's cost over the best T's."""
    return None if found.auto_T is None else mixture_fit.against_best(found, found.auto)


def end_ratio(found: Mixture, T: float) -> Interval | None:
    """All through the queue (inf) or all through shared memory (0), over the best T."""
    if T not in found.Ts:
        return None
    return mixture_fit.against_best(found, found.y[:, found.Ts.index(T)])


def why(found: Mixture, ratio: Interval | None) -> str:
    """What the records say of a measured T that is not shown to be within 3 % of the best."""
    verdict = mixture_fit.verdict(ratio)
    if verdict in ("holds", "not measured"):
        return ""
    if verdict == "undecided" and ratio is not None and ratio.lo is None:
        return f"{ratio.n} blocks: an interval takes six"
    assert ratio is not None and found.auto_T is not None
    said = f"{percent(ratio)} over the best"
    low, high = mixture_fit.tolerated(found)
    if low <= found.auto_T <= high:
        return (
            f"{said}: T {style.about_bytes(found.auto_T)} B is among those that cost at most 3 % more "
            f"({span(low, high)}), so what is left is the spread of the blocks"
        )
    way = "shared memory" if found.auto_T < low else "the queue"
    return (
        f"{said}: T {style.about_bytes(found.auto_T)} B, measured by round trips, lies outside "
        f"{span(low, high)}: what lies between goes through {way}, and here that costs more"
    )


def said(found: Mixture) -> str:
    """A panel's verdict in words; without a measured T, that."""
    ratio = auto_ratio(found)
    if ratio is None or found.auto_T is None:
        return "no measured T"
    return (
        f"measured T {style.about_bytes(found.auto_T)} B, best {style.about_bytes(best_T(found))} B: "
        f"{NAMES[found.metric]} {percent(ratio)} ({mixture_fit.verdict(ratio)})"
    )


def table(summary: dict[str, Any]) -> list[list[str]]:
    """The report's cells, under COLUMNS."""
    return [_cells(entry) for entry in summary["mixture"]]


def _cells(entry: dict[str, Any]) -> list[str]:
    at = (
        lambda name: "–" if entry[name] is None else style.about_bytes(float(entry[name]))
    )  # noqa: E731
    over = lambda name: _over(entry, f"{name}_over_best")  # noqa: E731
    bounds = f" [{at('best_lo')}, {at('best_hi')}]" if entry["best_lo"] is not None else ""
    rate = style.rate_label(entry["rate_per_s"], "/s")
    return [
        f"{entry['transport']} · {sizes_words(entry['sizes'])} · {rate} · {entry['wait']}",
        NAMES[entry["metric"]],
        at("best_T_bytes") + bounds,
        f"{at('tolerated_lo')} to {at('tolerated_hi')}",
        at("auto_T_bytes"),
        over("auto"),
        over("queue"),
        over("shm"),
        entry["verdict"] + (f": {entry['why']}" if entry["why"] else ""),
    ]


def _over(entry: dict[str, Any], name: str) -> str:
    value, lo, hi = (entry[f"{name}{end}"] for end in ("", "_lo", "_hi"))
    return "–" if value is None else percent(Interval(value, lo, hi, None, entry["blocks"]))


def span(low: float, high: float) -> str:
    """`512 to 8Ki B`."""
    return f"{style.about_bytes(low)} to {style.about_bytes(high)} B"


def percent(ratio: Interval) -> str:
    """A ratio as what it adds: `+1.2 % [+0.3, +2.0]`."""
    bounds = (
        ""
        if ratio.lo is None or ratio.hi is None
        else f" [{(ratio.lo - 1) * 100:+.1f}, {(ratio.hi - 1) * 100:+.1f}]"
    )
    return f"{(ratio.value - 1) * 100:+.1f} %{bounds}"


def sizes_words(sizes: str) -> str:
    """A distribution as a title says it."""
    if sizes.startswith("cdf:"):
        points = sizes.removeprefix("cdf:").split("/")
        return f"own sizes ({len(points)} points)"
    return sizes.replace("_", "-")


def T_label(T: float) -> str:
    """A tick of the axis of T."""
    return "all\nshm" if T == 0 else "all\nqueue" if math.isinf(T) else style.bytes_label(T)


def places(Ts: tuple[float, ...]) -> Any:
    """Where a T stands: octaves, with the ends one and a half beyond the smallest and the largest between."""
    inner = [math.log2(T) for T in Ts if 0 < T < math.inf] or [0.0]
    low, high = min(inner) - 1.5, max(inner) + 1.5
    return lambda T: float(
        np.clip(math.log2(T) if 0 < T < math.inf else math.copysign(math.inf, T - 1), low, high)
    )


def plotted(members: list[Mixture]) -> list[dict[str, Any]]:
    """The numbers of the curves as the CSV holds them: one row a T and metric."""
    rows = []
    for one in members:
        told = row(one)
        medians = np.exp([stats.median_interval(c).value for c in one.y.T])
        for T, ns, ratio in zip(one.Ts, medians, mixture_fit.over_best(one)):
            rows.append({**told, "T_bytes": number(T), "ns": ns, "over_best": ratio.value,
                         "lo": ratio.lo, "hi": ratio.hi})  # fmt: skip
    return rows
