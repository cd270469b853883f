"""How values are written: sizes, times and rates, three digits and their unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any


def bytes_label(value: float, _position: Any = None) -> str:
    """64, 1Ki, 64Ki, 1Mi; odd sizes in full."""
    for factor, suffix in ((1 << 30, "Gi"), (1 << 20, "Mi"), (1 << 10, "Ki")):
        if value >= factor and value % factor == 0:
            return f"{value / factor:.0f}{suffix}"
    return f"{value:.0f}" if value >= 1 else f"{value:g}"


def about_bytes(value: float) -> str:
    """A size that was estimated: three digits, binary suffix."""
    if not math.isfinite(value):
        return "∞" if value > 0 else "0"
    for factor, suffix in ((1 << 20, "Mi"), (1 << 10, "Ki")):
        if value >= factor:
            return f"{_three(value / factor)}{suffix}"
    return _three(value)


def _three(value: float) -> str:
    """Three digits, without an exponent: 1010 is `1010`."""
    return f"{float(f'{value:.3g}'):g}"


def time_label(ns: float, _position: Any = None) -> str:
    """50 ns, 4.9 µs, 8 ms: three digits."""
    return _scaled(ns, ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1, "ns")))


def rate_label(per_s: float, unit: str = "B/s") -> str:
    """12.8 GB/s, 204 M/s: decimal, three digits."""
    return _scaled(
        per_s, ((1e12, f"T{unit}"), (1e9, f"G{unit}"), (1e6, f"M{unit}"), (1e3, f"k{unit}"))
    )


def _scaled(value: float, steps: Sequence[tuple[float, str]]) -> str:
    if value is None or not math.isfinite(value):
        return "–"
    sign, size = ("-" if value < 0 else ""), abs(value)
    for factor, unit in steps:
        if float(f"{size:.3g}") >= factor:
            break
    digits = f"{size / factor:.3g}"
    return f"{sign}{float(digits):.0f} {unit}" if "e" in digits else f"{sign}{digits} {unit}"
