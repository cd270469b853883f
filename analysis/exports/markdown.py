"""A CI job's summary in Markdown: what matters first, all cases last, and never more than GitHub takes (1 MiB).

Verdicts, T and the best mechanisms come before doubts, what failed and what was skipped; then every case while there is
room, and how many there was none for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timezone

import headline
import ranking
import style
import summary
from exports import judged, rows
from exports.rows import Row
from records import Run

MAX_BYTES = 1_000_000  # GitHub refuses a step's summary from 1,048,576 on
TAIL_BYTES = 400  # what a page always ends with
MAX_CELL = 300  # characters: a reason may be a page of a compiler's
MOST = 40  # rows of any table but that of all cases
CONDITIONS = 3
# What would begin markup; an underscore within a word begins none.
MARKUP = re.compile(r"[\\`*\[\]|~]|(?<!\w)_|_(?!\w)")


class Page:
    """Lines while there is room for them."""

    def __init__(self, limit: int) -> None:
        self.left, self.lines = limit - TAIL_BYTES, []

    def add(self, *lines: str) -> bool:
        """All of the lines, or none and False."""
        size = sum(len(line.encode()) + 1 for line in lines)
        if size > self.left:
            return False
        self.left -= size
        self.lines += lines
        return True

    def table(
        self, title: str, header: Iterable[str], body: list[list[str]], most: int = MOST
    ) -> None:
        """A titled table of at most so many rows, and how many more there were."""
        header = list(header)
        if not body or not self.add(
            "", f"### {title}", "", _cells(header), "|---" * len(header) + "|"
        ):
            return
        shown = 0
        for row in body[:most]:
            if not self.add(_cells(row)):
                break
            shown += 1
        if shown < len(body):
            self.add("", f"{len(body) - shown} more are not shown; `--format csv` has them all.")


def export(run: Run) -> str:
    found, page = summary.of_folder(run), Page(MAX_BYTES)
    every = rows.of_run(run)
    _verdicts(page, run, found, every)
    _findings(page, run)
    _thresholds(page, found)
    _best(page, run)
    page.table("Doubts", ("doubt", "what removes it"),
               [[d["message"], d["remedy"]] for d in found["doubts"]])  # fmt: skip
    _absent(page, run)
    _cases(page, every)
    return "\n".join(page.lines) + "\n"


def _verdicts(page: Page, run: Run, found: dict, every: list[Row]) -> None:
    page.add(f"## ipcmark: {_text(run.name)}", "")
    gate = judged.of_run(run)
    if gate:
        page.add(f"**{_text(gate.verdict)}**: {_text(gate.said)}", "")
    page.add(_text(found["verdict"], 4000), "")
    began = datetime.fromtimestamp((run.manifest.get("started_unix_ns") or 0) / 1e9, timezone.utc)
    good = sum(r.interval is not None for r in every)
    failed = sum(r.count("failed") > 0 for r in every)
    told = [f"{good} of {len(every)} cases have a number", f"{failed} had launches that failed"]
    if run.manifest.get("launches_done") is not None:
        told.append(f"{run.manifest['launches_done']} launches")
    told += [f"plan {run.manifest.get('plan_name', 'unknown')}", f"{began:%Y-%m-%d %H:%M} UTC"]
    page.add(_text(" · ".join([*told, style.machine_name(run), style.commit_name(run)]), 4000))


def _findings(page: Page, run: Run) -> None:
    gate = judged.of_run(run)
    body = [[f.verdict, f.words, f.name] for f in gate.findings] if gate else []
    page.table("Left their window", ("verdict", "by", "series"), body)


def _thresholds(page: Page, found: dict) -> None:
    shown = [row for row in headline.thresholds(found) if row["metric"] == "p50"]
    names = {
        "queue": "queue",
        "T": "T [B]",
        "interval": "95 % interval",
        "model": "model T",
        "note": "note",
    }
    body = [[row[n] for n in names] for row in shown]
    page.table("T: the payload from which shared memory pays", names.values(), body)


def _best(page: Page, run: Run) -> None:
    for title, found, label in (
        ("Round trip, p50: the best at each size", ranking.latency(run), style.time_label),
        ("One way: the most bytes per second", ranking.streams(run), style.rate_label),
    ):
        header, body = ranking.columns(found[:CONDITIONS], label)
        page.table(title, header, body)


def _absent(page: Page, run: Run) -> None:
    """Failures before skips: the former are news."""
    kinds = {"failed": 0, "skipped": 1, "ok": 2}
    told = [row for row in headline.absent(run) if row["status"] != "ok"]
    told.sort(key=lambda row: (kinds.get(row["status"], 3), -row["count"]))
    body = [
        [row["status"], row["experiment"], row["transport"], str(row["count"]), row["reason"]]
        for row in told
    ]
    page.table(
        "Failed and skipped", ("status", "experiment", "transport", "launches", "reason"), body
    )


def _cases(page: Page, every: list[Row]) -> None:
    body = [_case(row) for row in every if row.interval is not None]
    if not body or not page.add("", "<details><summary>all cases</summary>"):
        return
    header = ("case", "median", "95 % interval", "p99", "CPU", "n")
    page.table("Cases", header, body, len(body))
    page.left += TAIL_BYTES  # kept for this
    page.add("", "</details>")


def _case(row: Row) -> list[str]:
    at, label = row.interval, style.time_label if row.is_time else "{:.4g} calls".format
    bounds = f"{label(at.lo)} – {label(at.hi)}" if at.lo is not None else "–"
    name = row.name + (" (unstable)" if row.unstable else "")
    return [
        name,
        label(at.value),
        bounds,
        style.time_label(row.p99_ns),
        style.time_label(row.cpu_ns),
        str(at.n),
    ]


def _cells(row: Iterable[str]) -> str:
    return "| " + " | ".join(map(_text, row)) + " |"


def _text(text: str, most: int = MAX_CELL) -> str:
    """One line of words, whatever is in them: no markup, no new column, no link to a stranger."""
    flat = " ".join(str(text).split())
    flat = flat if len(flat) <= most else flat[: most - 1] + "…"
    return MARKUP.sub(r"\\\g<0>", flat).replace("&", "&amp;").replace("<", "&lt;")
