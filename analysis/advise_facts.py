"""What a run can answer a user's question with, as plain numbers: all that advise.py and the report's selector know.

A *line* is one way to use a mechanism (its wait, access, backing ...), measured over sizes under one condition. Lines
are compared within a condition only: placement, idle state, touch, roles, policy, exchange.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

import crossover_fit
import crossover_rows
import families
import rates
import stats
import summary
from advise_abilities import abilities
from doubts import doubts
from record import Record, as_number, by_launch, freeze, group
from records import Run
from series import Levels, Series, free_axes, series, varying

CONDITIONS = ("placement", "idle", "touch", "roles", "policy", "ipc_limits")
PERCENTILES = (90, 99, 99.9, 99.99)  # with the median what a question may ask about
EXPERIMENTS = ("latency", "crossover")
# What tells lines of a condition apart and a stream or an open loop has too.
NOT_OF_A_LINE = (*CONDITIONS, "pattern", "message_bytes", "reply_bytes", "batch", "flush_ns", "rate_per_s", "schedule",
                 "threshold_bytes", "sizes", "timeout_ns")  # fmt: skip
Facts = dict[str, Any]


def of_run(run: Run, abilities_of: dict[str, Any] | None = None) -> Facts:
    """The facts of a run; `abilities_of` is what `ipcmark list transports --json` said, if it was kept."""
    levels, found = Levels.of(run), []
    streams, paced = _by_line(_streams(run)), _by_line(_paced(run))
    for (where, _), members in group(_asked(run), lambda r: (_where(r), r.transport)).items():
        found += _lines(where, members, levels, streams, paced)
    mechanisms = Counter(w for w, _ in {(line["where"], line["transport"]) for line in found})
    points: Counter[str] = Counter()
    for line in found:
        points[line["where"]] += len(line["sizes"])
    return {
        "run": run.name,
        "wheres": sorted(points, key=lambda w: (-mechanisms[w], -points[w], w)),
        "lines": sorted(found, key=lambda l: (l["where"], l["name"], l["level"])),
        "absent": _absent(run, found),
        "abilities": abilities(run, abilities_of),
        "hybrids": _hybrids(run),
        "open_loop": bool(paced),
        "doubts": list(dict.fromkeys(d["check"] for d in doubts(run, 0))),
    }


def _usable(record: Record) -> bool:
    """One message at a time between one client and one server, undisturbed."""
    case = record.case
    return (
        families.family(record) != families.FLOOR
        and case.get("batch", 1) == 1
        and case.get("producers", 1) == case.get("consumers", 1) == 1
        and not case.get("delay_ns")
        and not case.get("stall_ns")
        and case.get("sizes", "one") == "one"
    )


def _asked(run: Run) -> list[Record]:
    """Round trips, whatever became of them."""
    return [
        r for r in run.records
        if r.experiment in EXPERIMENTS and r.case["pattern"] in ("ping", "ask") and _usable(r)
    ]  # fmt: skip


def _streams(run: Run) -> list[Record]:
    return [r for r in run.of("throughput", pattern="pour") if _usable(r)]


def _paced(run: Run) -> list[Record]:
    """Open loops of single messages, from whatever experiment."""
    return [r for r in run.records if r.ok and r.case["pattern"] == "pace" and _usable(r)]


def _where(record: Record) -> str:
    """The condition in words; the exchange first."""
    case = record.case
    back = "same size" if case["pattern"] == "ping" else f"{case.get('reply_bytes')} B"
    return " · ".join([f"{back} back", *_condition(case)])


def _condition(case: dict[str, Any]) -> list[str]:
    """Without what is as everywhere: processes, the usual policy, the host's limits."""
    plain = {"roles": "process", "policy": "other", "ipc_limits": "host"}
    named = {"idle": "idle", "touch": "touch", "ipc_limits": "limits"}
    told = [(n, case.get(n)) for n in CONDITIONS if case.get(n) not in (None, plain.get(n))]
    return [f"{named[n]} {value}" if n in named else str(value) for n, value in told]


def _by_line(records: Iterable[Record]) -> dict[Any, list[Record]]:
    return group(records, lambda r: _line_key(r.case))


def _line_key(case: dict[str, Any]) -> Any:
    return tuple(case.get(n) for n in CONDITIONS[:5]), freeze(case, NOT_OF_A_LINE)


def _lines(
    where: str, members: list[Record], levels: Levels, streams: Any, paced: Any
) -> list[Facts]:
    """Those of one transport under one condition, labelled by what varies among them."""
    ok = [r for r in members if r.ok]
    varied = varying(ok, {*free_axes("message_bytes"), *CONDITIONS, "pattern"}) | {"wait"}
    varied |= {"path"} if any(r.case.get("path", "raw") != "raw" for r in ok) else set()
    refused = [r for r in members if r.status == "skipped"]
    found = []
    for one in series(ok, levels, varied=varied):
        key = _line_key(one.records[0].case)
        line = _line(one, levels) | {"where": where, "level": one.level}
        line["stream"] = _stream(streams.get(key, []), levels)
        line["paced"] = _open_loop(paced.get(key, []), levels)
        beyond = [r.reason for r in refused if r.message_bytes > line["sizes"][-1]]
        line["beyond"] = beyond[0] if beyond else ""
        found.append(line)
    return found


def _line(one: Series, levels: Levels) -> Facts:
    """Columns over its sizes: medians over launches, ns."""
    at = {p.x: p for p in one.points}
    points = [at[x] for x in sorted(at)]
    records = group(_at_level(one.records, levels), lambda r: float(r.message_bytes))
    columns = {f"{q:g}": [_tail(records[p.x], q) for p in points] for q in PERCENTILES}
    return {
        "name": f"{one.transport} {one.variant}",
        "transport": one.transport,
        "wait": one.records[0].case.get("wait"),
        "sizes": [int(p.x) for p in points],
        "median": [_short(p.interval.value) for p in points],
        "lo": [_short(p.interval.lo) for p in points],
        "hi": [_short(p.interval.hi) for p in points],
        "n": [p.interval.n for p in points],
        "cpu": [_short(p.cpu_ns) for p in points],
        "unsteady": [int(p.unstable) for p in points],
        "others": [len(p.others) for p in points],
        "tails": {q: tails for q, tails in columns.items() if any(tails)},
    }


def _at_level(records: list[Record], levels: Levels) -> list[Record]:
    main = levels.main(records)
    return [r for r in records if levels.level(r) == main]


def _tail(records: list[Record], q: float) -> list[Any] | None:
    """A percentile: median over launches, its interval, and 1 where few samples lie beyond; None without."""
    if (found := _percentile(records, q)) is None:
        return None
    return [*map(_short, (found.value, found.lo, found.hi)), int(_grade(records, q) == "low")]


def _percentile(records: list[Record], q: float) -> stats.Interval | None:
    values = by_launch(records, lambda r: r.percentile(q)[0])
    return stats.median_interval(values) if values else None


def _grade(records: list[Record], q: float) -> str:
    grades = {r.percentile(q)[1] for r in records}
    return "low" if "low" in grades else "ok"


def _stream(records: list[Record], levels: Levels) -> Facts | None:
    """Messages a second that a closed-loop stream carries, by size; and the share that was lost."""
    at = group(_at_level(records, levels), lambda r: r.message_bytes) if records else {}
    found = []
    for size, members in sorted(at.items()):
        launches = by_launch(members, lambda r: rates.bytes_per_s(r) / size if size else math.nan)
        if launches:
            sent = sum(r.values.get("sent") or 0 for r in members)
            lost = sum(r.values.get("lost") or 0 for r in members)
            rate = stats.median_interval(launches)
            found.append((size, _short(rate.value), rate.n, _short(lost / sent) if sent else 0))
    return dict(zip(("sizes", "per_s", "n", "lost"), map(list, zip(*found)))) if found else None


def _open_loop(records: list[Record], levels: Levels) -> list[Facts]:
    """What an open loop showed, by size and rate: carried or not, and the response from the intended send."""
    at = group(
        _at_level(records, levels) if records else [],
        lambda r: (r.message_bytes, as_number(r.case["rate_per_s"])),
    )
    found = []
    for (size, rate), members in sorted(at.items()):
        over = [r for r in members if r.values.get("overloaded")]
        tails = {f"{q:g}": _percentile(members, q) for q in (50, *PERCENTILES)}
        found.append({
            "size": size, "rate": rate, "carried": int(2 * len(over) < len(members)),
            "n": len({r.launch_id for r in members}),
            "response": {q: _short(t.value) for q, t in tails.items() if t},
        })  # fmt: skip
    return found


def _absent(run: Run, lines: list[Facts]) -> list[Facts]:
    """Mechanisms that were asked for and have no number under a condition, with the reason."""
    here = {(line["where"], line["transport"]) for line in lines}
    reasons: dict[tuple[str, str], str] = {}
    for record in _asked(run):
        key = (_where(record), record.transport)
        if not record.ok and key not in here and not record.superseded:
            reasons.setdefault(key, f"{record.status}: {record.reason}")
    return [
        {"where": w, "name": name, "why": why} for (w, name), why in sorted(reasons.items())
    ]  # fmt: skip


def _hybrids(run: Run) -> list[Facts]:
    """T of every hybrid by the median of a round trip; from summary.json where that was written."""
    if not run.of("crossover"):
        return []
    if (run.path / "summary.json").exists() and "findings" not in run.memo:
        rows = summary.of_folder(run)["crossover"]
    else:
        rows = [crossover_rows.row(f) for f in crossover_fit.of_run(run)]
    kept = (
        "transport",
        "T_bytes",
        "lo",
        "hi",
        "status",
        "winner",
        "crossings",
        "blocks",
        "wait",
        "access",
        "doubts",
    )
    # Too few blocks tell where to look for T, and advise nothing.
    rows = [r if r.get("judged", True) else {**r, "status": "none", "winner": None} for r in rows]
    return [
        {n: row[n] for n in kept} | {"condition": " · ".join(_condition(row))}
        for row in rows if row["metric"] == "p50"
    ]  # fmt: skip


def _short(value: float | None) -> float | int | None:
    """Five digits: more than any of them means, and half the page."""
    if value is None or not math.isfinite(value):
        return None
    rounded = float(f"{value:.5g}")
    return int(rounded) if rounded == int(rounded) else rounded
