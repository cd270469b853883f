"""What a rule of the claims table is made of: parts that were measured, each judged alone, and the verdict on all of them.

A part's word follows from its 95 % interval over launches and the bounds that the claim is read as: inside, outside, or
neither. The verdict follows from the words; nothing in it is written by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import stats
from records import Record, Run, by_launch, group
from series import Levels
from stats import Interval

HOLDS, REFUTED, DEPENDS, UNTESTABLE = "holds", "refuted", "depends", "not testable here"
UNCLEAR, FEW, UNMEASURED = "unclear", "few", "unmeasured"  # of a part only
# What a claim's words are read as: `about` for figures of another machine, `the same` for two things beside each other.
ABOUT, SAME, WORTH = 1.5, 1.25, 1.05
NAMED = 4  # parts of a kind that a verdict names
SHOWN = 8  # parts that the table shows
# Facets that are named even where all parts share them.
ALWAYS = ("part", "mechanism", "wait", "company", "asked")


@dataclass(frozen=True)
class Part:
    """One thing a claim says, at one setting: where, the value in words, and what became of it."""

    at: dict[str, Any]
    told: str
    word: str
    n: int = 0


@dataclass(frozen=True)
class Judged:
    """A rule's answer: its word, the whole verdict, and what was measured."""

    word: str
    verdict: str
    measured: str = ""
    parts: tuple[tuple[str, str, str], ...] = ()  # of every part its name, value and word


@dataclass(frozen=True)
class Claim:
    """What the literature says, the experiments whose records can tell, and the rule that reads them."""

    number: int
    claimed: str
    experiments: tuple[str, ...]
    rule: Callable[[Run], Judged] | None = field(default=None, repr=False)


def within(interval: Interval, low: float, high: float) -> str:
    """Whether the whole interval lies in [low, high], or the whole of it outside."""
    if interval.lo is None or interval.hi is None:
        return FEW
    if low <= interval.lo and interval.hi <= high:
        return HOLDS
    return REFUTED if interval.hi < low or interval.lo > high else UNCLEAR


def part(
    at: dict[str, Any], of: Interval, label: Callable[[float], str], low: float, high: float
) -> Part:
    """A value that ought to lie between two bounds, in its unit."""
    return Part(at, shown(of, label), within(of, low, high), of.n)


def about(
    at: dict[str, Any], of: Interval, label: Callable[[float], str], low: float, high: float
) -> Part:
    """A value that is said to be about `low` to `high`: half as much again in either direction is granted."""
    return part(at, of, label, low / ABOUT, high * ABOUT)


def shown(of: Interval, label: Callable[[float], str]) -> str:
    if of.lo is None or of.hi is None:
        return f"{label(of.value)} ({of.n} launch{'es' * (of.n != 1)})"
    return f"{label(of.value)} [{label(of.lo)}, {label(of.hi)}]"


def times(value: float) -> str:
    return f"{value:,.0f}×" if value >= 1000 else f"{value:.3g}×"


def usual(run: Run, records: list[Record]) -> list[Record]:
    """Those at the level of the canary that most ran at; all of them where that leaves too few launches.

    The interval then spans the levels, which can only make a verdict harder to reach.
    """
    levels = Levels.of(run)
    main = levels.main(records) if records else 0
    mine = [r for r in records if levels.level(r) == main]
    enough = len({r.launch_id for r in mine}) >= stats.kMinLaunches
    return mine if enough else records


def over_launches(
    run: Run, records: list[Record], value: Callable[[Record], float]
) -> Interval | None:
    """Median over launches; None without a value."""
    found = by_launch(usual(run, records), value)
    return stats.median_interval(found) if found else None


def ratio(
    run: Run, above: list[Record], below: list[Record], value: Callable[[Record], float],
    value_below: Callable[[Record], float] | None = None,
) -> Interval | None:  # fmt: skip
    """Median over blocks of one case's value over another's, both of the same block; None without a pair.

    Blocks whose two sides ran at different levels of the canary are left out while enough remain.
    """
    levels = Levels.of(run)
    tops, bottoms = (group(rs, lambda r: r.block) for rs in (above, below))
    pairs = []
    for block in tops.keys() & bottoms.keys():
        one, other = tops[block], bottoms[block]
        upper, lower = by_launch(one, value), by_launch(other, value_below or value)
        if upper and lower and stats.median_interval(lower).value > 0:
            alike = {levels.level(r) for r in one} == {levels.level(r) for r in other}
            middle = stats.median_interval(upper).value / stats.median_interval(lower).value
            pairs.append((alike, middle))
    alike = [v for same, v in pairs if same]
    kept = alike if len(alike) >= stats.kMinLaunches else [v for _, v in pairs]
    return stats.median_interval(kept) if kept else None


def spanning(found: Iterable[Interval]) -> Interval:
    """The median of several settings' values with bounds that hold all of their intervals; the fewest launches."""
    found = list(found)
    middle = stats.median_interval([i.value for i in found]).value
    few = any(i.lo is None or i.hi is None for i in found)
    lo = None if few else min(i.lo for i in found if i.lo is not None)
    hi = None if few else max(i.hi for i in found if i.hi is not None)
    return Interval(middle, lo, hi, None, min(i.n for i in found))


def judge(parts: list[Part], none: str, besides: str = "") -> Judged:
    """The verdict on all parts; `none` says why where there are none, `besides` what else was measured."""
    if all(p.word == UNMEASURED for p in parts):
        return untestable(none)
    label = namer(parts)
    said = [f"{label(p)} {p.told}".strip() for p in parts]
    more = [f"and {len(said) - SHOWN} more"] if len(said) > SHOWN else []
    measured = "; ".join([*said[:SHOWN], *more, *([besides] if besides else [])])
    word, verdict = _verdict(parts, label)
    return Judged(word, verdict, measured, tuple((label(p), p.told, p.word) for p in parts))


def untestable(why: str) -> Judged:
    return Judged(UNTESTABLE, f"{UNTESTABLE}: {why}")


def _verdict(parts: list[Part], label: Callable[[Part], str]) -> tuple[str, str]:
    kinds = {
        w: [p for p in parts if p.word == w] for w in (HOLDS, REFUTED, UNCLEAR, FEW, UNMEASURED)
    }
    untold = kinds[UNCLEAR] + kinds[FEW]
    lacking = f"; not measured: {_names(kinds[UNMEASURED], label)}" if kinds[UNMEASURED] else ""
    if kinds[HOLDS] and kinds[REFUTED]:
        text = f"{DEPENDS}: {_on(parts)}: holds for {_names(kinds[HOLDS], label, True)}; not for "
        text += _names(kinds[REFUTED], label, True)
        text += f"; cannot be told for {_names(untold, label)}" if untold else ""
        return DEPENDS, text + lacking
    if kinds[HOLDS] or kinds[REFUTED]:
        word = HOLDS if kinds[HOLDS] else REFUTED
        told = len(kinds[word])
        where = f", where it can be told ({told} of {told + len(untold)})" if untold else ""
        return word, word + where + lacking
    if kinds[UNCLEAR]:
        names = _names(kinds[UNCLEAR], label, True)
        return UNTESTABLE, f"{UNTESTABLE}: the intervals are too wide to tell: {names}"
    most = max(p.n for p in kinds[FEW])
    launches = "launch" if most == 1 else "launches"
    return UNTESTABLE, f"{UNTESTABLE}: {most} {launches}, {stats.kMinLaunches} needed"


def _names(parts: list[Part], label: Callable[[Part], str], values: bool = False) -> str:
    """`pipe 9.2 µs, fifo 9.3 µs and 3 more`."""
    said = [f"{label(p)} {_value(p) if values else ''}".strip() for p in parts]
    more = f" and {len(said) - NAMED} more" if len(said) > NAMED else ""
    return ", ".join(said[:NAMED]) + more


def _value(of: Part) -> str:
    return of.told.split(" [")[0].split(" (")[0]


def namer(parts: list[Part]) -> Callable[[Part], str]:
    """Words that tell a part from the others: what differs between those measured, and what is always named."""
    seen: dict[str, set[str]] = {}
    for p in parts:
        for name, value in p.at.items():
            seen.setdefault(name, set()).add(str(value) if p.word != UNMEASURED else "")
    said = [n for n, values in seen.items() if n in ALWAYS or len(values) > 1]
    return lambda p: " ".join(word(n, p.at[n]) for n in said if n in p.at)


def lacking(found: list[Part], facet: str, wanted: Iterable[str]) -> list[Part]:
    """What a claim speaks of and no part was measured on, as parts that say so."""
    have = {str(p.at.get(facet)) for p in found}
    return [Part({facet: name}, "not measured", UNMEASURED) for name in wanted if name not in have]


def word(name: str, value: Any) -> str:
    return value if isinstance(value, str) else f"{name} {value:g}"


def _on(parts: list[Part]) -> str:
    """`on wait and idle`: what alone changes the word between two parts; what differs at all where nothing does alone."""
    judged = [p for p in parts if p.word in (HOLDS, REFUTED)]
    facets = list(dict.fromkeys(name for p in judged for name in p.at))
    telling = []
    for name in facets:
        words: dict[tuple, set[str]] = {}
        for p in judged:
            rest = tuple((n, str(p.at.get(n))) for n in facets if n != name)
            words.setdefault(rest, set()).add(p.word)
        if any(len(seen) > 1 for seen in words.values()):
            telling.append(name)
    found = telling or [n for n in facets if len({str(p.at.get(n)) for p in judged}) > 1]
    return "on " + " and ".join(found or ["the launch"])
