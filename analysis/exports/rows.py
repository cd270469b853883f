"""What every format is made from: the cases of a run, named, with their launches, their number, or why there is none.

A number is a median over launches at the canary level that most of them ran at, as in the report.
What was skipped, failed everywhere or was overloaded has no number here, so that no format can show one.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import series
import stats
from record import Case, Record, by_launch, freeze, group
from records import Run

LEADING = ("transport", "pattern", "message_bytes")  # a name begins with them, bare
CALLS = "system_calls_per_message"
OVERLOADED = "overloaded: less than 99 % of the offered rate was achieved"


@dataclass(frozen=True)
class Row:
    """One case. `interval` is of `quantity`, in ns (calls: a count); nan and None mean absent."""

    name: str
    experiment: str
    case: Case
    metric: Case
    records: list[Record] = field(repr=False)  # all but the superseded
    launches: list[list[Record]] = field(repr=False)  # with a number, each launch's own together
    interval: stats.Interval | None = None
    p99_ns: float = math.nan
    cpu_ns: float = math.nan
    bytes_per_s: float = math.nan
    unstable: bool = False

    @property
    def quantity(self) -> str:
        return str(self.metric.get("quantity", ""))

    @property
    def is_time(self) -> bool:
        return self.quantity != CALLS

    def count(self, status: str) -> int:
        return sum(r.status == status for r in self.records)

    @property
    def reason(self) -> str:
        """Why there is no number, or what failed beside it: the most frequent reason; empty if all is well."""
        bad = Counter(r.reason for r in self.records if r.status != "ok")
        if bad:
            return bad.most_common(1)[0][0]
        return OVERLOADED if any(r.values.get("overloaded") for r in self.records) else ""


def value(record: Record) -> float:
    """What is compared: the central cost in ns, or counted calls; nan where there is neither."""
    if record.metric.get("quantity") == CALLS:
        return float(record.values.get(CALLS, math.nan))
    return record.p50_ns


def of_run(run: Run) -> list[Row]:
    """The cases in order of name; found once a run."""
    if "rows" not in run.memo:
        groups = group((r for r in run.records if not r.superseded), lambda r: _key(run, r))
        names = _names(list(groups))
        rows = [_row(run, names[key], key[0], members) for key, members in groups.items()]
        run.memo["rows"] = sorted(rows, key=lambda row: row.name)
    return run.memo["rows"]


def short_case(case: Case, neutral: Case) -> Case:
    """The axes that identify a case: what `auto` chose is a result; an axis at its neutral value says nothing."""
    chosen = {"threshold_bytes"} if case.get("path") == "auto" else set()
    return {k: v for k, v in case.items() if neutral.get(k, ...) != v and k not in chosen}


def word(axis_value: Any) -> str:
    """An axis value as text. `inf` becomes `unlimited`: a reader of CSV or JSON would make a number of it."""
    return "unlimited" if axis_value == "inf" else str(axis_value)


def number(value: float | None) -> float | None:
    """A measured value with seven digits, which is more than it has; None where there is none."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.7g}")


def spent_s(record: Record) -> float:
    """Seconds of warming up and measuring that a record says it took."""
    windows = record.raw.get("windows") or {}
    ns = (windows.get("messages_each") or 0) * sum(record.windows_ns)
    own = record.histogram()
    ns += own.total if own and own.unit == "ns" else 0
    warm_up = (record.raw.get("warmup") or {}).get("ns") or 0
    return (ns + warm_up) / 1e9 if record.status == "ok" else 0.0


def paper(run: Run, name: str) -> dict[str, Any]:
    """A JSON object beside the records (summary.json, gate.json); empty where it is missing or not one."""
    try:
        content = json.loads((Path(run.path) / name).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _key(run: Run, record: Record) -> tuple:
    return record.experiment, freeze(short_case(record.case, run.neutral)), freeze(record.metric)


def _names(keys: list[tuple]) -> dict[tuple, str]:
    """`latency/pipe/ping/64/idle:polling/...`; where one case has two metrics, what tells them apart too."""
    plain = {key: name(key[0], dict(key[1])) for key in keys}
    shared: dict[str, list[tuple]] = {}
    for key, alike in plain.items():
        shared.setdefault(alike, []).append(key)
    for alike, same in shared.items():
        metrics = [dict(key[2]) for key in same] if len(same) > 1 else []
        told = [f for f in sorted({f for m in metrics for f in m})
                if len({repr(m.get(f)) for m in metrics}) > 1]  # fmt: skip
        for key, metric in zip(same, metrics):
            plain[key] = "/".join([alike, *(f"{f}:{word(metric.get(f))}" for f in told)])
    return plain


def name(experiment: str, case: Case) -> str:
    """A case's name: experiment, transport, pattern, bytes, then its other axes as `axis:value`."""
    parts = [word(case.get(axis, "none")) for axis in LEADING]
    said = {*LEADING, *(["reply_bytes"] if case.get("pattern") == "ping" else [])}  # the same back
    rest = [f"{axis}:{word(case[axis])}" for axis in sorted(case.keys() - said)]
    return "/".join([experiment, *parts, *rest]).replace(" ", "_").replace(",", "_")


def _row(run: Run, name: str, experiment: str, members: list[Record]) -> Row:
    levels = series.Levels.of(run)
    good = [r for r in members if r.ok and not r.values.get("overloaded")]
    good = [r for r in good if math.isfinite(value(r))]
    at = series.point(good, 0, value, levels) if good else None
    case, metric = members[0].case, members[0].metric
    if at is None:
        return Row(name, experiment, case, metric, members, [])
    level = levels.main(good)
    mine = [r for r in good if levels.level(r) == level]
    rates = by_launch(mine, lambda r: float(r.values.get("bytes_per_s") or math.nan))
    return Row(
        name, experiment, case, metric, members,
        list(group(mine, lambda r: r.launch_id).values()), at.interval, at.p99, at.cpu_ns,
        stats.median_interval(rates).value if rates else math.nan, at.unstable,
    )  # fmt: skip
