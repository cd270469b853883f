"""One record, and how records are told apart and put together (schema: results/README.md).

Two records may be compared only if their metric is equal; launches, never windows, are what is counted.
"""

from __future__ import annotations

import copy
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
    _found: dict[Any, Any] = field(default_factory=dict)  # what several figures ask for

    def __deepcopy__(self, memo: dict[int, Any]) -> "Record":
        """A copy is made to be changed: nothing that was found in the original holds for it."""
        known = dict(self._decoded)  # by now the only place that has them
        return Record(copy.deepcopy(self.raw, memo), self.where, self.superseded, known)

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
        if "p50" not in self._found:
            windows = self.windows_ns
            histogram = None if windows else self.histogram()
            fallback = histogram.percentile(50) if histogram else math.nan
            self._found["p50"] = float(median(windows) if windows else fallback)
        return self._found["p50"]

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

    @property
    def interrupts_ns(self) -> tuple[float, float] | None:
        """What interrupting the other end's CPU cost before and after this case; None where the kernel has no such call."""
        canary = self.raw.get("canary") or {}
        seen = tuple(canary.get(f"interrupt_{k}_ns") for k in ("before", "after"))
        return None if None in seen else seen

    def histogram(self, name: str | None = None) -> Histogram | None:
        """A histogram by name, or the one its metric names; decoded once."""
        if name is None:
            name = self.metric.get("quantity", "")
        if name not in self._decoded and name in self.raw["histograms"]:
            self._decoded[name] = Histogram.decode(self.raw["histograms"][name])
        return self._decoded.get(name)

    def percentile(self, q: float, name: str | None = None) -> tuple[float, str]:
        """A launch's percentile and its reliability: `ok`, `low` or `n/a` (then nan)."""
        if (name, q) not in self._found:
            histogram = self.histogram(name)
            grade = histogram.reliability(q) if histogram else "n/a"
            value = math.nan if histogram is None or grade == "n/a" else histogram.percentile(q)
            self._found[name, q] = float(value), grade
        return self._found[name, q]


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
    return tuple(sorted([item for item in mapping.items() if item[0] not in dropped]))


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
    for record in sorted(records, key=lambda r: r.raw["launch_order"]):
        groups.setdefault(key(record), []).append(record)
    return groups


def by_launch(records: Iterable[Record], value: Callable[[Record], float]) -> list[float]:
    """One value a launch, the unit of resampling: a launch that ran a case twice counts once, by its median."""
    launches: dict[str, list[float]] = {}
    for record in sorted(records, key=lambda r: r.raw["launch_order"]):
        here, found = launches.setdefault(record.raw["launch_id"], []), value(record)
        if not math.isnan(found):
            here.append(found)
    return [float(median(found)) for found in launches.values() if found]


def select(records: Iterable[Record], **axes: Any) -> list[Record]:
    """Records whose case has these values."""
    kept = list(records)
    for name, value in axes.items():
        kept = [r for r in kept if r.raw["case"].get(name) == value]
    return kept


def axis(records: Iterable[Record], name: str) -> list[Any]:
    """The values an axis takes, sorted, numbers before words (`inf`)."""
    seen = {r.raw["case"].get(name) for r in records} - {None}
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
