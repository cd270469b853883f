"""A line's numbers at the sizes asked for: as measured, between neighbours on logarithms, or not at all."""

from __future__ import annotations

import math
from typing import Any

COLUMNS = ("median", "lo", "hi", "cpu")


def at_sizes(line: dict[str, Any], sizes: list[list[float]], q: str) -> dict[str, Any]:
    """One size as it is; of several the mean by share, and of the tail the longest. `missing` names a size not
    measured.
    """
    found = []
    for wanted, _ in sizes:
        at = _at(line, wanted, q)
        if at is None:
            return {"missing": wanted}
        found.append(at)
    shares = [share for _, share in sizes]
    both: dict[str, Any] = {n: _mean([at[n] for at in found], shares) for n in COLUMNS}
    both |= {n: _longest([at[n] for at in found]) for n in ("tail", "tail_lo", "tail_hi")}
    both |= {"n": min(at["n"] for at in found), "others": max(at["others"] for at in found)}
    both |= {n: any(at[n] for at in found) for n in ("unsteady", "rare")}
    both["between"] = [at["between"] for at in found if at["between"]]
    both["per_s"] = _harmonic([at["per_s"] for at in found], shares)
    both["lost"] = [[s, at["lost"]] for (s, _), at in zip(sizes, found) if at["lost"]]
    return both


def _at(line: dict[str, Any], wanted: float, q: str) -> dict[str, Any] | None:
    """One size; None where it was not measured and has no neighbours on both sides."""
    place = _place(line["sizes"], wanted)
    if place is None:
        return None
    i, j, part = place
    at: dict[str, Any] = {n: _mix(line[n][i], line[n][j], part) for n in COLUMNS}
    a, b = (line["tails"][q][k] for k in (i, j)) if q in line["tails"] else (None, None)
    tail = [_mix(x, y, part) for x, y in zip(a[:3], b[:3])] if a and b else [None] * 3
    at |= dict(zip(("tail", "tail_lo", "tail_hi"), tail))
    at |= {"rare": bool(a and b and (a[3] or b[3])), "n": min(line["n"][i], line["n"][j])}
    at |= {"unsteady": line["unsteady"][i] + line["unsteady"][j] > 0}
    at["others"] = max(line["others"][i], line["others"][j])
    at["between"] = [] if i == j else [wanted, line["sizes"][i], line["sizes"][j]]
    return at | _stream_at(line["stream"], wanted)


def _stream_at(stream: dict[str, Any] | None, wanted: float) -> dict[str, Any]:
    place = _place(stream["sizes"], wanted) if stream else None
    if stream is None or place is None:
        return {"per_s": None, "lost": 0}
    i, j, part = place
    per_s = _mix(stream["per_s"][i], stream["per_s"][j], part)
    return {"per_s": per_s, "lost": max(stream["lost"][i], stream["lost"][j])}


def _place(sizes: list[int], wanted: float) -> tuple[int, int, float] | None:
    """The neighbours' places and how far between them, on logarithms; twice the same where it was measured."""
    for i, have in enumerate(sizes):
        if have == wanted:
            return i, i, 0.0
        if have > wanted:
            if i == 0:
                return None
            low = math.log(sizes[i - 1])
            return i - 1, i, (math.log(wanted) - low) / (math.log(have) - low)
    return None


def _mix(a: float | None, b: float | None, part: float) -> float | None:
    if a is None or b is None:
        return None
    if part == 0 or a <= 0 or b <= 0:
        return a if part == 0 else None
    return five(math.exp(math.log(a) * (1 - part) + math.log(b) * part))


def five(value: float) -> float:
    """Five digits, as the facts have."""
    return float(f"{value:.5g}")


def _mean(values: list[Any], shares: list[float]) -> float | None:
    if any(v is None for v in values):
        return None
    if len(values) == 1:
        return values[0]
    return five(sum(v * s for v, s in zip(values, shares)))


def _longest(values: list[Any]) -> float | None:
    return None if any(v is None for v in values) else max(values)


def _harmonic(rates: list[Any], shares: list[float]) -> float | None:
    """Messages a second of a mixture: times add up, rates do not."""
    if any(not r for r in rates):
        return None
    if len(rates) == 1:
        return rates[0]
    return five(1 / sum(s / r for r, s in zip(rates, shares)))


def carried(line: dict[str, Any], at: dict[str, Any], question: dict[str, Any]) -> dict[str, Any]:
    """How the rate is known: `open` (with the response there), `overloaded`, `stream` or `alone`, in messages a second.

    `up_to` is the highest rate an open loop carried, 0 without one.
    """
    asked, sizes = question["rate"], question["sizes"]
    loops = [p for p in line["paced"] if p["size"] == sizes[0][0]] if len(sizes) == 1 else []
    above = [p for p in loops if p["carried"] and p["rate"] >= asked]
    if above:
        used = min(above, key=lambda p: p["rate"])
        return {"how": "open", "per_s": used["rate"], "response": used["response"]}
    over = [p["rate"] for p in loops if not p["carried"] and p["rate"] <= asked]
    if over:
        return {"how": "overloaded", "per_s": min(over)}
    up_to = max((p["rate"] for p in loops if p["carried"]), default=0)
    if at["per_s"]:
        return {"how": "stream", "per_s": at["per_s"], "up_to": up_to}
    return {"how": "alone", "per_s": five(1e9 / at["median"]), "up_to": up_to}
