"""A user's question, from text to numbers; units, the file of sizes and the errors are those of `ipcmark run`.

advise_question.js reads the report's form by the same rules. Raises ValueError with one line that names what is wrong.
"""

from __future__ import annotations

import re
from typing import Any

from advise_abilities import NEEDS

UNITS = {
    "bytes": ("bytes", "1Ki", {"B": 1, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}),
    "time": ("nanoseconds", "1us", {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "min": 6e10, "h": 3.6e12}),
    "rate": ("messages per second", "1k", {"/s": 1, "k": 1e3, "M": 1e6, "G": 1e9}),
}  # fmt: skip
PERCENTILES = ("50", "90", "99", "99.9", "99.99")
ORDERS = ("latency", "cpu")
LARGEST = 1 << 30  # of a message, as the program's
MOST_POINTS = 128
NUMBER = re.compile(r"([0-9]+(?:\.[0-9]*)?)(.*)", re.DOTALL)
SHARE = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")

Point = tuple[int, float, str]  # bytes, share of messages up to it, and that as it was written


def question(text: dict[str, Any], wheres: list[str]) -> dict[str, Any]:
    """From texts by the flags' names (absent or empty: not asked); `sizes` is a pair of a name and the lines."""
    if bool(text.get("message_bytes")) == bool(text.get("sizes")):
        raise ValueError("name the size: --message-bytes or --sizes, one of them")
    return {
        "sizes": _shares(*text["sizes"]) if text.get("sizes") else [[_size(text["message_bytes"]), 1]],
        "rate": _optional(text, "rate", "rate"),
        "latency_ns": _optional(text, "latency", "time"),
        "percentile": _word("percentile", text.get("percentile") or "99", PERCENTILES),
        "cpu_ns": _optional(text, "cpu", "time"),
        "needs": [_word("need", n, NEEDS) for n in (text.get("need") or "").split(",") if n],
        "where": _word("where", text["where"], wheres) if text.get("where") else None,
        "by": _word("by", text.get("by") or "latency", ORDERS),
    }  # fmt: skip


def quantity(text: str, unit: str) -> float:
    """`64Ki`, `10us`, `1.5k`; a bare number is in bytes, ns or messages a second."""
    noun, example, scales = UNITS[unit]
    found = NUMBER.fullmatch(text)
    if found is None:
        units = ", ".join(scales)
        raise ValueError(f"`{text}` is not a number of {noun}; write {example} (units: {units})")
    digits, word = found.groups()
    if word and word not in scales:
        raise ValueError(f"unknown unit `{word}` in `{text}`; valid: {', '.join(scales)}")
    return float(digits) * (scales[word] if word else 1)


def _size(text: str) -> int:
    return _flagged("message-bytes", lambda: _bytes(text))


def _bytes(text: str) -> int:
    value = quantity(text, "bytes")
    if value != int(value):
        raise ValueError(f"`{text}` is not a whole number of bytes")
    if not 1 <= value <= LARGEST:
        raise ValueError(f"`{text}` is out of range; valid: 1 to 1Gi")
    return int(value)


def _optional(text: dict[str, Any], name: str, unit: str) -> float | None:
    if not text.get(name):
        return None
    value = _flagged(name, lambda: quantity(text[name], unit))
    if value <= 0:
        raise ValueError(f"--{name}: `{text[name]}` is out of range; valid: more than 0")
    return value


def _flagged(name: str, read: Any) -> Any:
    try:
        return read()
    except ValueError as error:
        raise ValueError(f"--{name}: {error}") from None


def _word(name: str, text: str, valid: Any) -> str:
    if text not in valid:
        raise ValueError(f"--{name}: unknown `{text}`; valid: {', '.join(valid)}")
    return text


def _shares(name: str, lines: str) -> list[list[float]]:
    """The sizes of a cumulative distribution, each with the share of messages that are of it."""
    points: list[Point] = []
    number = 0
    try:
        for number, line in enumerate(lines.removesuffix("\n").split("\n"), start=1):
            words = [w for w in re.split(r"[ \t\r]+", line.split("#")[0]) if w]
            if words:
                _append(points, words)
        _require_whole(points)
    except ValueError as error:
        raise ValueError(f"{name}:{number}: {error}") from None
    below = [0.0, *(share for _, share, _ in points)]
    shares = [[size, share - less] for (size, share, _), less in zip(points, below)]
    return [[size, share] for size, share in shares if share > 0]


def _append(points: list[Point], words: list[str]) -> None:
    if len(words) != 2:
        raise ValueError(f"{len(words)} words; valid: a size and a share, as in `64Ki 0.9`")
    if not SHARE.fullmatch(words[1]) or float(words[1]) > 1:
        raise ValueError(f"`{words[1]}` is not a share: valid: 0 to 1")
    size, share = _bytes(words[0]), float(words[1])
    if points and size <= points[-1][0]:
        raise ValueError(f"{size} B after {points[-1][0]} B: sizes ascend")
    if points and share < points[-1][1]:
        raise ValueError(f"a share of {words[1]} after {points[-1][2]}: a cumulative one never falls")  # fmt: skip
    if len(points) == MOST_POINTS:
        raise ValueError(f"more than {MOST_POINTS} points")
    points.append((size, share, words[1]))


def _require_whole(points: list[Point]) -> None:
    if not points:
        raise ValueError("no point: valid: a size and a share a line")
    if points[-1][1] != 1:
        raise ValueError(f"ends at a share of {points[-1][2]}: the last is 1")
