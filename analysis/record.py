"""One record, and how records are told apart and put together (schema: results/README.md).

Two records may be compared only if their metric is equal; launches, never windows, are what is counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from histogram import Histogram

Case = dict[str, Any]
Key = tuple[tuple[str, Any], ...]


@dataclass(slots=True)
class Record:
    """One case of one launch."""

    raw: dict[str, Any]
    where: str  # file:line, for messages
    superseded: bool = False  # run again because the machine was disturbed
    _decoded: dict[str, Histogram] = field(default_factory=dict)

    @property
    def experiment(self) -> str:
        return self.raw["experiment"]

    @property
    def block(self) -> int:
        return self.raw["block"]

    @property
    def launch_id(self) -> str:
        return self.raw["launch_id"]

    @property
    def launch_order(self) -> int:
        return self.raw["launch_order"]

    @property
    def status(self) -> str:
        return self.raw["status"]

    @property
    def ok(self) -> bool:
        """Whether it has a number that counts."""
        return self.raw["status"] == "ok" and not self.superseded

    @property
    def reason(self) -> str:
        return self.raw.get("reason") or ""

    @property
    def case(self) -> Case:
        return self.raw["case"]

    @property
    def metric(self) -> Case:
        return self.raw["metric"] or {}

    @property
    def values(self) -> dict[str, float]:
        return self.raw["values"]

    @property
    def transport(self) -> str:
        return self.raw["case"]["transport"]

    @property
    def message_bytes(self) -> int:
        return self.raw["case"]["message_bytes"]

    @property
    def windows_ns(self) -> list[float]:
        """Nanoseconds per message, one entry a window, in order of time."""
        return (self.raw["windows"] or {}).get("ns_per_message") or []

    @property
    def p50_ns(self) -> float:
        """The launch's central cost: median of its windows, else of its first histogram; nan without both."""
        if self.windows_ns:
            return float(median(self.windows_ns))
        histogram = self.histogram()
        return float(histogram.percentile(50)) if histogram else math.nan

    @property
    def cpu_ns_per_message(self) -> float:
        """CPU time of all ends per message; nan where it was not measured."""
        cpu = (self.raw["windows"] or {}).get("cpu_ns_per_message")
        if cpu is not None:
            return float(cpu)
        spent = [role.get("cpu_ns") for role in self.raw["roles"]]
        messages = self.raw.get("messages") or 0
        if not spent or None in spent or not messages:
            return math.nan
        return float(sum(spent)) / messages

    @property
    def canary_ns(self) -> float:
        """The bare cache-line round trip beside this case, mean of before and after; nan without it."""
        canary = self.raw.get("canary") or {}
        seen = [canary[k] for k in ("before_ns", "after_ns") if canary.get(k) is not None]
        return sum(seen) / len(seen) if seen else math.nan

    def histogram(self, name: str | None = None) -> Histogram | None:
        """A histogram by name, or the one its metric names; decoded once."""
        if name is None:
            name = self.metric.get("quantity", "")
        if name not in self._decoded and name in self.raw["histograms"]:
            self._decoded[name] = Histogram.decode(self.raw["histograms"][name])
        return self._decoded.get(name)

    def percentile(self, q: float, name: str | None = None) -> tuple[float, str]:
        """A launch's percentile and its reliability: `ok`, `low` or `n/a` (then nan)."""
        histogram = self.histogram(name)
        if histogram is None or histogram.reliability(q) == "n/a":
            return math.nan, "n/a"
        return float(histogram.percentile(q)), histogram.reliability(q)


def leave_out_superseded(records: Iterable[Record]) -> None:
    """Mark the launches that were run again, if nothing of what replaces them failed."""
    records = list(records)
    failed = {r.launch_id for r in records if r.status == "failed"}
    again = [r for r in records if isinstance(r.raw.get("supersedes"), dict)]
    replaced = {r.raw["supersedes"].get("launch_id") for r in again if r.launch_id not in failed}
    for record in records:
        record.superseded = record.launch_id in replaced


def freeze(mapping: Case, without: Iterable[str] = ()) -> Key:
    """A hashable form of a flat map, less some axes."""
    dropped = set(without)
    return tuple(sorted((k, v) for k, v in mapping.items() if k not in dropped))


def case_key(record: Record, without: Iterable[str] = ()) -> Key:
    return freeze(record.case, without)


def metric_key(record: Record) -> Key:
    """Two records may be compared only if these are equal."""
    return freeze(record.metric)


def cases(records: Iterable[Record]) -> dict[Key, list[Record]]:
    """Records by case and metric, in order of launch: what one number is made from."""
    return group(records, lambda r: (case_key(r), metric_key(r)))


def group(records: Iterable[Record], key: Callable[[Record], Any]) -> dict[Any, list[Record]]:
    """Records by a key, each group in order of launch, groups in order of appearance."""
    groups: dict[Any, list[Record]] = {}
    for record in sorted(records, key=lambda r: r.launch_order):
        groups.setdefault(key(record), []).append(record)
    return groups


def by_launch(records: Iterable[Record], value: Callable[[Record], float]) -> list[float]:
    """One value a launch, the unit of resampling: a launch that ran a case twice counts once, by its median."""
    launches = group(records, lambda r: r.launch_id)
    values = ([v for v in map(value, rs) if not math.isnan(v)] for rs in launches.values())
    return [float(median(vs)) for vs in values if vs]


def select(records: Iterable[Record], **axes: Any) -> list[Record]:
    """Records whose case has these values."""
    return [r for r in records if all(r.case.get(k) == v for k, v in axes.items())]


def axis(records: Iterable[Record], name: str) -> list[Any]:
    """The values an axis takes, sorted, numbers before words (`inf`)."""
    seen = {r.case.get(name) for r in records} - {None}
    return sorted(seen, key=lambda v: (isinstance(v, str), v))


def constant_axes(records: Iterable[Record]) -> Case:
    """The axes that have one value in all records."""
    records = list(records)
    if not records:
        return {}
    return {k: v for k, v in records[0].case.items() if all(r.case.get(k) == v for r in records)}


def as_number(value: Any) -> float:
    """An axis value as a number: `inf` is infinite."""
    return math.inf if value == "inf" else float(value)
