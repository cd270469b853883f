"""The headline in words: tables for a terminal, and the cells the report shares with them."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Any

import claims
import known_delay
import ranking
import style
from records import Run

MAX_SIZES_SHOWN = ("1", "64", "4Ki", "64Ki", "1Mi")
MAX_CONDITIONS_SHOWN = 3
LEAST_TOLD = 64  # below it a number in a reason is rather an errno or a signal than the size


def text(run: Run, summary: dict[str, Any], max_doubts: int) -> str:
    """Numbers first, doubts after."""
    parts = [f"{run.name}: {summary['verdict']}"]
    for title, rankings, label in (
        ("round trip, p50: the best at each size", ranking.latency(run), style.time_label),
        ("one way: the most bytes per second", ranking.streams(run), style.rate_label),
    ):
        header, rows = ranking.columns(rankings[:MAX_CONDITIONS_SHOWN], label)
        kept = [r for r in rows if r[0] in MAX_SIZES_SHOWN] or rows
        parts += [f"{title}\n{table(header, kept)}"] if rows else []
    found = [row for row in thresholds(summary) if row["metric"] == "p50"]
    names = {"queue": "queue", "T": "T [B]", "interval": "[lo, hi]", "model": "model T", "note": ""}
    cells = [[row[n] for n in names] for row in found]
    if cells:
        parts.append(
            "T: shared memory pays from this payload on\n" + table([*names.values()], cells)
        )
    if summary["models"]:
        header, cells = ["model", "settings", "fails", "median error", "where it fails"], []
        cells = [[str(v) for v in row.values()] for row in models(summary)]
        parts.append("models against what was measured\n" + table(header, cells))
    if summary["instrument"]:
        cells = known_delay.table(summary["instrument"])
        parts.append("known delays, found again\n" + table(known_delay.COLUMNS, cells))
    parts.append(claims.counts(summary["claims"]))
    counts = summary["counts"]
    parts.append(", ".join(f"{counts[k]} {k}" for k in counts) + " (cases)")
    doubts = [f"  {d['message']}; remove: {d['remedy']}" for d in summary["doubts"]]
    if doubts:
        more = [f"  and {len(doubts) - max_doubts} more in the report"] * (len(doubts) > max_doubts)
        parts.append("\n".join(["doubts", *doubts[:max_doubts], *more]))
    return "\n\n".join(parts)


def table(header: list[str], rows: list[list[str]]) -> str:
    """Plain columns, two spaces apart."""
    widths = [max(map(len, column)) for column in zip(header, *rows)]
    lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths)).rstrip() for row in [header, *rows])
    return "\n".join(f"  {line}" for line in lines)


def number(value: Any) -> float:
    """A summary's number: null is nan, infinities are words."""
    return math.nan if value is None else float(value)


def size(value: Any) -> str:
    at = number(value)
    return "–" if math.isnan(at) else style.about_bytes(at) if math.isfinite(at) else "∞"


def thresholds(summary: dict[str, Any]) -> list[dict[str, str]]:
    """T per queue as words: T, its interval, the model's, its parameters, and what limits it."""
    entries = summary["crossover"]
    varied = [n for n in ("placement", "wait", "touch", "access", "batch", "idle", "pattern")
              if len({str(e.get(n)) for e in entries}) > 1]  # fmt: skip
    return [_threshold(e, varied) for e in entries]


def _threshold(entry: dict[str, Any], varied: list[str]) -> dict[str, str]:
    status = entry["status"]
    if not entry["judged"]:
        T = "not judged"
    elif status == "ok":
        T = size(entry["T_bytes"])
    elif status == "several":
        T = "several: " + ", ".join(size(c["T_bytes"]) for c in entry["crossings"])
    else:
        T = f"none: {_winner(entry)}"
    bounds = entry["lo"] is not None and entry["hi"] is not None
    model = size(entry["model_T_bytes"]) if entry["model_T_bytes"] is not None else "–"
    notes = [str(entry.get(n)) for n in varied]
    notes += [d for d in entry["doubts"] if not d.startswith("auto ")]  # has a table of its own
    return {
        "queue": entry["queue"],
        "metric": entry["metric"],
        "T": T,
        "interval": f"[{size(entry['lo'])}, {size(entry['hi'])}]" if bounds else "–",
        "model": model,
        "parameters": _parameters(entry),
        "note": "; ".join(notes),
    }


def _winner(entry: dict[str, Any]) -> str:
    """`shm at 5 of 34 sizes`: who wins where there is no crossing, and at the others nobody can tell."""
    winner = entry["winner"]
    if winner not in ("queue", "shm"):
        return "undecided"
    wins = sum(who == winner for _, who in entry["dominance"])
    return f"{winner} at {wins} of {len(entry['dominance'])} sizes"


def _parameters(entry: dict[str, Any]) -> str:
    if entry["a_s"] is None:
        return "–"
    slopes = f"b_q {entry['b_q']:.3g} ns/B, b_s {entry['b_s']:.3g} ns/B"
    return f"a_s {style.time_label(entry['a_s'])}, {slopes}, d {entry['d']:g} B"


def models(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Each model as words: how many settings it was held against, and where it fails."""
    return [
        {"model": m["model"], "settings": m["settings"], "fails": m["fails"],
         "error": f"{m['median_error']:.1%}", "region": m["region"]}
        for m in summary["models"]
    ]  # fmt: skip


def auto(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Where `auto` is worse, sizes with one cause in one row; the ratio is the worst of them."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for found in summary["auto"]:
        key = tuple(found[n] for n in ("hybrid", "pattern", "metric", "why"))
        groups.setdefault(key, []).append(found)
    return [
        {**max(rows, key=lambda r: r["ratio"]),
         "sizes": ", ".join(style.about_bytes(r["message_bytes"]) for r in rows)}
        for rows in groups.values()
    ]  # fmt: skip


def absent(run: Run) -> list[dict[str, Any]]:
    """What was skipped or failed, by transport and reason, with how often and at which sizes."""
    groups: Counter[tuple[str, str, str, str]] = Counter()
    sizes: dict[tuple[str, str, str, str], list[int]] = {}
    for record in run.records:
        if not record.ok:
            reason = _without_size(record.reason, record.message_bytes)
            key = (record.status, record.experiment, record.transport, reason)
            groups[key] += 1
            sizes.setdefault(key, []).append(record.message_bytes)
    return [
        {"status": key[0], "experiment": key[1], "transport": key[2], "reason": key[3],
         "count": count, "least": min(sizes[key]), "most": max(sizes[key])}
        for key, count in sorted(groups.items())
    ]  # fmt: skip


def _without_size(reason: str, size: int) -> str:
    """A reason that names the size asked for: one row with a range of sizes says more than a row for each."""
    return re.sub(rf"(?<![0-9]){size}(?![0-9])", "…", reason) if size > LEAST_TOLD else reason
