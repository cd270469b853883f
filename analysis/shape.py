"""Whether a line has the shape of a record, so that nothing behind the reader needs to doubt it.

Only what the analysis relies on is checked; further fields are none of its business.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

Check = Callable[[Any], bool]
WORDS_OR_NUMBERS = ("flush_ns", "timeout_ns", "threshold_bytes")  # `inf` is a word
NEEDED = ("transport", "pattern", "message_bytes", "wait")
STRINGS = (
    "transport",
    "pattern",
    "wait",
    "path",
    "placement",
    "idle",
    "touch",
    "access",
    "backing",
)
NUMBERS = ("message_bytes", "reply_bytes", "batch", "rate_per_s", "spin_budget_ns")


def is_number(value: Any) -> bool:
    """A JSON number that a measurement can have (1e18 ns are 30 years); true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e18


def _optional(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _is(kind: type) -> Check:
    return lambda value: isinstance(value, kind) and not isinstance(value, bool)


def _are_positive_numbers(values: Any) -> bool:
    """A list of numbers above zero, seen at once: there are dozens in every record. NaN has no finite sum."""
    if not isinstance(values, list) or not {*map(type, values)} <= {int, float}:
        return False
    bounded = not values or 0 < min(values) <= max(values) < 1e18
    return bounded and math.isfinite(sum(values))


def _list_of(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _map_of(check: Check) -> Check:
    return lambda value: isinstance(value, dict) and all(map(check, value.values()))


def _is_axis_value(value: Any) -> bool:
    return isinstance(value, str) or is_number(value)


def _is_case(value: Any) -> bool:
    """Whether a map is a case; every launch repeats the same ones, so that each is looked at once."""
    try:
        # a flag is equal to a number, and 1 to 1.0: types too
        return _is_case_of(tuple(value.items()), tuple(map(type, value.values())))
    except (AttributeError, TypeError):  # no map, or a list in it
        return False


@lru_cache(maxsize=4096)
def _is_case_of(items: tuple[tuple[str, Any], ...], _types: tuple[type, ...]) -> bool:
    value = dict(items)
    needed = {*NEEDED, *NUMBERS, *WORDS_OR_NUMBERS}
    if not all(map(_is_axis_value, value.values())) or not needed <= value.keys():
        return False
    words = (value.get(name, 0) for name in WORDS_OR_NUMBERS)
    numbers = (value.get(name, 0) for name in NUMBERS)
    return (
        all(isinstance(value.get(name, ""), str) for name in STRINGS)
        and all(w == "inf" or is_number(w) for w in words)
        and all(is_number(n) and n >= 0 for n in numbers)
    )


def lacks_axes(value: Any) -> bool:
    """Whether a map may be a case at whose neutral axes nobody said what they are."""
    return (
        isinstance(value, dict)
        and value.keys() >= {"transport", "message_bytes"}
        and all(map(_is_axis_value, value.values()))
        and not {*NEEDED, *NUMBERS, *WORDS_OR_NUMBERS} <= value.keys()
    )


def _is_windows(value: Any) -> bool:
    times = value.get("ns_per_message") if isinstance(value, dict) else None
    return _are_positive_numbers(times) and _optional(is_number)(value.get("cpu_ns_per_message"))


def _is_rounds(value: Any) -> bool:
    """Lists of numbers, times above zero and rates that may be none."""
    return isinstance(value, dict) and all(
        _are_positive_numbers(numbers)
        if name.endswith("ns")
        else _list_of(lambda n: is_number(n) and n >= 0)(numbers)
        for name, numbers in value.items()
    )


def _is_role(value: Any) -> bool:
    return isinstance(value, dict) and _optional(is_number)(value.get("cpu_ns"))


def _is_canary(value: Any) -> bool:
    names = [f"{of}{when}_ns" for of in ("", "interrupt_") for when in ("before", "after")]
    return isinstance(value, dict) and all(
        _optional(lambda v: is_number(v) and v > 0)(value.get(k)) for k in names
    )


def _is_superseded(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("launch_id"), str)


def _is_crowding(value: Any) -> bool:
    return isinstance(value, dict) and all(_is(int)(value.get(k)) for k in ("roles", "cpus"))


REQUIRED: dict[str, Check] = {
    "experiment": _is(str),
    "block": _is(int),
    "launch_id": _is(str),
    "launch_order": _is(int),
    "status": lambda value: value in ("ok", "skipped", "failed"),
    "case": _is_case,
    "metric": _optional(_map_of(lambda v: v is None or isinstance(v, (str, int, float, bool)))),
    "histograms": _map_of(_is(dict)),
    "values": _map_of(_optional(is_number)),
    "windows": _optional(_is_windows),
    "roles": _list_of(_is_role),
}
IF_PRESENT: dict[str, Check] = {
    "reason": _is(str),
    "messages": is_number,
    "canary": _optional(_is_canary),
    "supersedes": _optional(_is_superseded),
    "allowed": _list_of(_is(str)),
    "oversubscribed": _is_crowding,
    "rounds": _optional(_is_rounds),
    "events": _optional(_is(dict)),
}
PAPERS: dict[str, Check] = {  # of manifest.json and environment.json
    "run": _is(str),
    "probes": _list_of(_is(dict)),
    "contaminated": _list_of(_is(dict)),
    "plugins": _list_of(_is(dict)),
    "allowed": _list_of(_is(str)),
    "launches_done": is_number,
    "launches_planned": is_number,
    "clock": _is(dict),
    "machine": _is(dict),
    "epoch": _is(dict),
    "build": _is(dict),
    "facts": _is(dict),
    "doubts": _list_of(_is(dict)),
}


def complaint(raw: dict[str, Any]) -> str | None:
    """What keeps a line from being a record; None when nothing does."""
    for name, check in REQUIRED.items():
        if name not in raw:
            return f"field `{name}` is missing"
        if not check(raw[name]):
            return f"field `{name}` is not what the schema says"
    for name, check in IF_PRESENT.items():
        if name in raw and not check(raw[name]):
            return f"field `{name}` is not what the schema says"
    return None


def strip_papers(content: dict[str, Any]) -> list[str]:
    """Remove fields of a manifest or environment that are not what the schema says; their names."""
    wrong = [
        n for n, check in PAPERS.items() if content.get(n) is not None and not check(content[n])
    ]
    for name in wrong:
        del content[name]
    return wrong
