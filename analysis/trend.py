#!/usr/bin/python3
"""What changed over the nights: a page of what moved, with an index of every series.

Reads the history, prints what it has to tell (events with their night interval and commits, epochs, noisy
nights), and writes trend.html (self-contained), trend.json and figures/: one panel for the strongest series
of each event, the instrument's health, T over time. Two thousand series stay readable: what did not move
is a row of the index.

    analysis/trend.py [--history FILE] [-o OUT_DIR] [--machine KEY] [--nights N] [--quiet]

Exit codes: 0; 2 for bad usage; 3 for a history that cannot be used.
"""

from __future__ import annotations

import argparse
import json
import math
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

import command
import figure
import history_db
import history_nights
import nightly
import style
import svg
import trend_health
import trend_panels
import trend_story
import trend_T
from figure import Drawn
from gate_judge import series_words
from history_clock import when
from history_db import HistoryError
from history_nights import Row
from trend_story import Story

PANELS = 8  # series that are drawn: the rest are rows


def main(argv: list[str] | None = None) -> int:
    given = options(argv)
    try:
        figure.writable(given.out_dir)
        # Not checked: a damaged page names itself when read.
        with closing(history_db.connect(given.history, check=False)) as connection:
            runs = chosen(connection, given.machine)[-given.nights :]
            story = trend_story.tell(connection, runs)
            path = write(connection, story, given.out_dir)
    except sqlite3.DatabaseError as error:
        said = f"HISTORY_DAMAGED: {history_db.damaged(given.history, str(error))}"
        if history_db.locked(error):
            said = f"REFUSED: {given.history}: {error}"
        print(said, file=sys.stderr)
        return 3
    except (HistoryError, OSError) as error:
        word = getattr(error, "verdict", "REFUSED")
        text = figure.said(error) if isinstance(error, OSError) else str(error)
        print(f"{word}: {text}", file=sys.stderr)
        return 3
    if not given.quiet:
        print("\n".join([headline(story), *trend_story.lines(story)]))
    print(path)
    return 0


def chosen(connection: sqlite3.Connection, machine: str | None) -> list[Row]:
    """The runs of one machine, by date: the one asked for, or the newest run's."""
    every = history_nights.runs(connection)
    if not every:
        raise HistoryError("the history holds no runs; import some: history.py import RUN_DIR...")
    key = machine or every[-1].machine
    runs = [run for run in every if run.machine == key]
    if not runs:
        known = ", ".join(sorted({run.machine for run in every}))
        raise HistoryError(f"--machine {key}: no runs of it; the history has {known}")
    return runs


def headline(story: Story) -> str:
    """One sentence: how much was looked at, and what came of it."""
    touched = len({row for event in story.events for row, _ in event.members})
    parts = [
        f"{touched} of {len(story.names)} series changed in {_count(len(story.events), 'event')}"
    ]
    parts += [_count(len(story.epochs), "epoch change")] if story.epochs else []
    parts += [_count(len(story.noisy), "noisy night")] if story.noisy else []
    return f"{len(story.runs)} nights: {', '.join(parts)}"


def _count(n: int, word: str) -> str:
    return f"{n} {word}{'' if n == 1 else 's'}"


def write(connection: sqlite3.Connection, story: Story, out: Path) -> Path:
    """Figures, trend.json and trend.html; the page's path."""
    drawn = figures(connection, story, out / "figures")
    told = {
        "schema": 1, "machine": story.runs[-1].machine, "nights": len(story.runs),
        "series": len(story.names), "said": headline(story),
        "events": [trend_story.event_words(story, e) for e in story.events],
        "epochs": [trend_story.epoch_words(story, e) for e in story.epochs],
        "noisy": [story.runs[at].name for at in story.noisy],
    }  # fmt: skip
    (out / "trend.json").write_text(json.dumps(told, indent=1, allow_nan=False) + "\n")
    path = out / "trend.html"
    path.write_text(page(connection, story, told, drawn), encoding="utf-8")
    return path


def figures(connection: sqlite3.Connection, story: Story, folder: Path) -> list[Drawn]:
    """What moved, the health, T."""
    drawn = []
    rows = shown(story)
    if rows:
        health = trend_health.read(connection, story)
        query = "SELECT run, series FROM finding WHERE verdict = 'REGRESSED'"
        confirmed = set(connection.execute(query).fetchall())
        canary = health["canary_ns"].tolist()
        drawn.append(trend_panels.draw(story, rows, canary, confirmed, "trend_series", folder))
    return (
        drawn
        + trend_health.draw(connection, story, folder)
        + trend_T.draw(connection, story, folder)
    )


def shown(story: Story) -> list[int]:
    """The rows that are drawn: the strongest of each event in turn, newest events first; without events the
    largest step at an epoch's begin.
    """
    rows: list[int] = []
    for rank in range(PANELS):
        for event in story.events:
            if rank < len(event.members) and event.members[rank][0] not in rows:
                rows.append(event.members[rank][0])
    for step in story.epochs if not rows else []:
        far = np.argsort(-np.abs(np.nan_to_num(step.step)))
        rows += [int(row) for row in far[:2] if abs(np.nan_to_num(step.step)[row]) > math.log(1.02)]
    return list(dict.fromkeys(rows))[:PANELS]


def index(story: Story) -> list[tuple[str, list[dict[str, Any]]]]:
    """Every series by experiment: last median, its window, what a night could detect, its changes."""
    last = len(story.runs) - 1
    begins = [0, *story.breaks][-1]
    window = nightly.stage_one(
        story.logs[:, last], story.nights.error[:, last], story.logs[:, begins:last]
    )
    groups: dict[str, list[dict[str, Any]]] = {}
    for row, name in enumerate(story.names):
        seen = np.flatnonzero(~np.isnan(story.nights.median[row]))
        value = float(story.nights.median[row, seen[-1]])
        error, spread = story.nights.error[row, last], window.spread[row]
        known = not (
            math.isnan(spread) or math.isnan(error) or window.nights[row] < nightly.kFewest
        )
        pair_sd = (
            nightly.pair_sd_of_error(error, 10) if known else 0.0
        )  # ten launches: the nightly plan's
        mde = nightly.minimum_detectable(float(spread), pair_sd) if known else None
        effect = window.effect[row]
        groups.setdefault(name.experiment, []).append({
            "name": series_words(name).split(" ", 1)[1], "nights": seen.size, "mde": mde,
            "value": f"{value:.4g}" if name.value == "calls" else style.time_label(value),
            "effect": None if math.isnan(effect) else math.expm1(effect),
            "last": None if seen[-1] == last else story.runs[seen[-1]].name,
            "changes": ", ".join(
                f"{100 * p.effect:+.1f} % by {when(story.runs[p.at].started_ns)[:10]}" for p in story.points[row]
            ),
        })  # fmt: skip
    return sorted(groups.items())


def page(
    connection: sqlite3.Connection, story: Story, told: dict[str, Any], drawn: list[Drawn]
) -> str:
    """trend.html, from its template."""
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["percent"] = lambda v: "–" if v is None else f"{100 * v:+.1f} %"
    figures = [
        {"name": d.name, "title": d.title, "text": d.text, "caption": d.caption,
         "svg": svg.inline(d.path, d.name, d.title)} for d in drawn
    ]  # fmt: skip
    runs = story.runs
    gates = connection.execute("SELECT run, verdict, said FROM gate").fetchall()
    by_run = {run: (verdict, said) for run, verdict, said in gates}
    judged = [
        {"run": r.name, "date": when(r.started_ns)[:10], "commit": r.commit, "verdict": by_run[r.id][0],
         "said": by_run[r.id][1]} for r in reversed(runs) if r.id in by_run
    ]  # fmt: skip
    noisy = [(runs[a].name, runs[b].name, b - a + 1) for a, b in trend_story.spans(story.noisy)]
    marked = [r for r in runs if r.mark]
    return environment.get_template("trend.html.j2").render(
        told=told, figures=figures, index=index(story), noisy=noisy, judged=judged[:30], marked=marked,
        first=runs[0], last=runs[-1], when=when, machine=machine_name(connection, runs[-1]),
    )  # fmt: skip


def machine_name(connection: sqlite3.Connection, run: Row) -> str:
    """Its CPU, as a person would say it."""
    fields = history_nights.fields(connection, "machine", run.machine)
    cpu = fields.get("cpu")
    facts = {**fields, **cpu} if isinstance(cpu, dict) else fields
    return str(facts.get("model_name") or facts.get("cpu_model") or run.machine)


def options(argv: list[str] | None) -> argparse.Namespace:
    parser = command.Parser(__doc__)
    parser.add_argument("--history", type=Path, default=history_db.DEFAULT)
    parser.add_argument("-o", "--out-dir", type=Path, default=Path("results/trend"))
    parser.add_argument("--machine", help="key; default: the machine of the newest run")
    parser.add_argument("--nights", type=command.count, default=365, help="the newest so many")
    parser.add_argument("--quiet", action="store_true", help="print nothing but the page's path")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(command.ended(main))
