"""summary.json: what the report's headline says, for machines (schema: results/README.md)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import claims
import crossover_fit
import crossover_rows
import effects
import flow_rows
import handoff_rows
import known_delay
import line_hops
import load_rows
import mixture_rows
import priority_rows
import ranking
import rates
import shot_down
import stats
import style
import waiting
from crossover_fit import Finding
from doubts import doubts
from records import SCHEMA, Record, Run, cases
from series import Levels, Value, point
from threshold import HEADLINE

PARTS = {"run", "verdict", "crossover", "latency", "throughput", "counts", "doubts"}


def build(run: Run) -> dict[str, Any]:
    """All of it; every part is empty rather than missing."""
    latency = _cases(run, "latency", lambda r: r.p50_ns)
    streams = _cases(run, "throughput", rates.bytes_per_s)
    status = [r.status for r in run.records]
    unstable = sum(entry.pop("unstable") for entry in latency + streams)
    counts = {name: status.count(name) for name in ("ok", "skipped", "failed")}
    counts["superseded"] = sum(r.superseded for r in run.records)
    return {
        "schema": SCHEMA,
        "run": run.name,
        "verdict": verdict(run),
        "crossover": [crossover_rows.row(f) for f in crossover_fit.of_run(run)],
        "auto": auto(run),
        "auto_checked": sum(
            len(f.auto.sizes) for f in crossover_fit.of_run(run) if f.auto and f.auto.judged
        ),
        "latency": latency,
        "throughput": streams,
        "window": flow_rows.window(run),
        "hol_blocking": flow_rows.hol_blocking(run),
        "fan": flow_rows.fan(run),
        **waiting.sections(run),
        "mixture": mixture_rows.rows(run),
        "handoff": handoff_rows.rows(run),
        "priority": priority_rows.rows(run),
        "claims": claims.rows(run),
        "load": load_rows.rows(run),
        "instrument": known_delay.rows(run),
        "effects": effects.of_run(run),
        "line_hops": line_hops.rows(run),
        "shot_down": shot_down.rows(run),
        "counts": {**counts, "unstable": unstable},
        "doubts": doubts(run, unstable),
    }


def of_folder(run: Run) -> dict[str, Any]:
    """What report.py left in the run's folder, which took long to find; found anew where it is not there."""
    try:
        content = json.loads((run.path / "summary.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return build(run)
    whole = isinstance(content, dict) and PARTS <= content.keys() and content["run"] == run.name
    return content if whole else build(run)


def write(summary: dict[str, Any], folder: Path) -> Path:
    path = folder / "summary.json"
    path.write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _cases(run: Run, experiment: str, value: Value) -> list[dict[str, Any]]:
    levels, found = Levels.of(run), []
    for members in cases(run.of(experiment)).values():
        at = point(members, 0, value, levels)
        if at is None:
            continue
        found.append({
            "case": members[0].case, "metric": members[0].metric, "median": at.interval.value,
            "lo": at.interval.lo, "hi": at.interval.hi, "n": at.interval.n,
            "p99": crossover_rows.number(at.p99), "cpu_ns_per_message": crossover_rows.number(at.cpu_ns),
            "unstable": at.unstable,
        })  # fmt: skip
    return found


def auto(run: Run) -> list[dict[str, Any]]:
    """Where a hybrid with measured T is worse than its better part, and why."""
    found = []
    for finding in crossover_fit.of_run(run):
        check = finding.auto
        if check is None:
            continue
        for size in check.worse:
            at = check.ratio[check.sizes.index(size)]
            found.append({
                "hybrid": finding.costs.axes["transport"], "metric": finding.costs.metric,
                "pattern": finding.costs.axes["pattern"], "message_bytes": int(size),
                "ratio": at.value, "lo": at.lo, "hi": at.hi, "why": _why(finding, size),
            })  # fmt: skip
    return found


def _why(finding: Finding, size: float) -> str:
    """Which way `auto` sent this size, against the way that is faster there."""
    mine = [r for r in finding.costs.records if r.case["path"] == "auto"]
    taken = {_way(r) for r in mine if r.message_bytes == size}
    answer = finding.answer
    faster = answer.dominance[answer.sizes.index(size)] if size in answer.sizes else "undecided"
    limits = sorted({str(r.case["threshold_bytes"]) for r in mine if r.message_bytes == size})
    if faster in ("queue", "shm") and faster not in taken and taken:
        ways = f"sent through {' and '.join(sorted(taken))}, {faster} is faster"
        return f"threshold {', '.join(limits)} B: {ways} here"
    return f"threshold {', '.join(limits)} B sends it the faster way: its choice itself costs"


def _way(record: Record) -> str:
    limit = record.case.get("threshold_bytes")
    return "queue" if limit == "inf" or record.message_bytes <= int(limit or 0) else "shm"


def verdict(run: Run) -> str:
    """One sentence: the quickest small message per condition, and T of every queue."""
    parts = []
    for ranked in ranking.latency(run):
        small = min(ranked.places, key=lambda p: abs(p.message_bytes - 64), default=None)
        if small:
            size = f"{style.bytes_label(small.message_bytes)} B"
            where = f" ({ranked.condition})" if ranked.condition else ""
            time = style.time_label(small.point.interval.value)
            if small.launches < stats.kMinLaunches:
                few = f"at {size}{where} nothing is ranked: {ranking.told(small.launches)}"
                parts.append(few)
                continue
            more = f" and {len(small.ties) - 2} more" if len(small.ties) > 2 else ""
            same = f", not told apart from {', '.join(small.ties[:2])}{more}" if small.ties else ""
            parts.append(f"{small.best} is quickest at {size}{where}: {time} a round trip{same}")
    heads = [f for f in crossover_fit.of_run(run) if f.costs.metric == HEADLINE]
    parts += ["shared memory pays " + ", ".join(map(pays, heads))] if heads else []
    known = known_delay.rows(run)
    parts += [known_delay.words(known)] if known and not parts else []
    text = "; ".join(parts) or "nothing to judge: no usable latency or crossover records"
    return f"{text}."


def pays(finding: Finding) -> str:
    """`from 6.9Ki B over pipe`, `never over posix_mq`, `in parts over tcp`."""
    answer = finding.answer
    if not answer.judged:
        return f"from an unknown size over {finding.queue} ({crossover_rows.unjudged(answer)})"
    if answer.status == "ok" and answer.T_bytes:
        direction = "from" if answer.crossings[0].rising else "up to"
        return f"{direction} {style.about_bytes(answer.T_bytes)} B over {finding.queue}"
    if answer.status == "several":
        at = ", ".join(style.about_bytes(c.T_bytes) for c in answer.crossings)
        return f"in parts over {finding.queue} (crossings at {at} B)"
    always = {"queue": "never", "shm": "always"}.get(answer.winner or "", "undecidedly")
    decided = sum(word == answer.winner for word in answer.dominance)
    if answer.winner in ("queue", "shm") and decided < len(answer.dominance):
        # Most sizes may be a draw: "always" would claim what the intervals do not.
        always += f", where it can be told ({decided} of {len(answer.dominance)} sizes),"
    return f"{always} over {finding.queue}"
