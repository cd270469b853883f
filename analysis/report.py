#!/usr/bin/python3
"""Everything a run has to say: all figures, summary.json, one self-contained report.html, and the headline.

Draws every figure into RUN_DIR/figures, writes RUN_DIR/summary.json for machines and RUN_DIR/report.html for people
(no external resources; light and dark; printable), and prints the headline table, then the doubts, then the path.

    analysis/report.py RUN_DIR [-o OUT_DIR] [--quiet]
"""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jinja2

import advise_page
import claims
import claims_parts
import command
import crossover_fit
import figure
import headline
import known_delay
import line_hops
import load_rows
import mixture_rows
import ranking
import records
import style
import summary
import svg
from figure import Drawn
from records import RecordsError, Run
from series import Levels

# In the order a reader asks: which wins, from where, how sure, at what cost.
FIGURES = (
    "crossover",
    "latency",
    "percentiles",
    "throughput",
    "cpu",
    "load",
    "batching",
    "batch_cost",
    "mixture",
    "handoff",
    "priority",
    "timeout",
    "window",
    "hol_blocking",
    "fan",
    "spin_budget",
    "polling",
    "detection",
    "system_calls",
    "counters",
    "life_cycle",
    "false_sharing",
    "tlb_shootdown",
    "memory_order",
    "aba",
    "offset_pointers",
    "remapping",
    "idle",
    "drift",
)
WORKERS = 2  # figures are independent; a third would wait for a CPU on the smallest machine
MAX_DOUBTS_SHOWN = 8
USAGE = re.compile(r"\n\n\s*analysis/(?:(\w+))\.py\b.*", re.DOTALL)
_run: Run  # what workers inherit by fork: sending it would cost more than drawing


def main(argv: list[str] | None = None) -> int:
    parser = command.Parser(__doc__)
    parser.add_argument("run_dir", type=Path, help="a run folder")
    parser.add_argument("-o", "--out-dir", type=Path, help="default: RUN_DIR")
    parser.add_argument("--quiet", action="store_true", help="print nothing but the report's path")
    given = parser.parse_args(argv)
    out = given.out_dir or given.run_dir
    try:
        run = records.load(given.run_dir)
        figure.writable(out)
        found, path = write(run, out)
    except (RecordsError, OSError) as error:
        print(f"report.py: {figure.said(error)}", file=sys.stderr)
        return 2
    if not given.quiet:
        print(headline.text(run, found, MAX_DOUBTS_SHOWN))
    print(path)
    return 0


def write(run: Run, out: Path) -> tuple[dict[str, Any], Path]:
    """Figures, summary.json and report.html; the summary and the report's path."""
    Levels.of(run), crossover_fit.of_run(run)  # found here once, inherited by the workers
    with drawing(run, out / "figures") as figures:
        found, advice = summary.build(run), advise_page.of_run(run)  # while the workers draw
        drawn, broken = figures()
    found["doubts"] += [
        {"check": "figure", "message": text, "remedy": "report it: a defect of the analysis"}
        for text in broken
    ]
    summary.write(found, out)
    path = out / "report.html"
    path.write_text(page(run, found, drawn, advice), encoding="utf-8")
    return found, path


@contextmanager
def drawing(run: Run, folder: Path) -> Iterator[Callable[[], tuple[list[Drawn], list[str]]]]:
    """Draws meanwhile; gives what waits for it: all figures, and a line for each that could not be drawn."""
    global _run
    _run = run
    gc.freeze()  # the run is never garbage, and a worker that marked it would copy it
    with multiprocessing.get_context("fork").Pool(WORKERS) as pool:
        results = pool.starmap_async(_draw, [(name, folder) for name in FIGURES], chunksize=1)
        yield lambda: _sorted_out(results.get())


def _sorted_out(results: list[tuple[list[Drawn], str]]) -> tuple[list[Drawn], list[str]]:
    drawn = [figure for figures, _ in results for figure in figures]
    return drawn, [text for _, text in results if text]


def _draw(name: str, folder: Path) -> tuple[list[Drawn], str]:
    try:
        return importlib.import_module(name).draw(_run, folder), ""
    except Exception as error:  # one bad record must not cost the other figures
        text = f"{name} could not be drawn: {type(error).__name__}: {error}"
        print(text, file=sys.stderr)
        return [], text


def page(run: Run, found: dict[str, Any], drawn: list[Drawn], advice: dict[str, Any]) -> str:
    """report.html, from its template."""
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "time": style.time_label,
        "about": headline.size,
        "bytes": style.bytes_label,
    }
    figures = [
        {"name": d.name, "question": _question(d, drawn), "title": d.title, "text": _reading(d),
         "command": _command(run, d),
         "caption": d.caption, "svg": svg.inline(d.path, d.name, d.title)}
        for d in drawn
    ]  # fmt: skip
    return environment.get_template("report.html.j2").render(
        run=run,
        summary=found,
        figures=figures,
        machine=style.machine_name(run),
        commit=style.commit_name(run),
        latency=ranking.columns(ranking.latency(run), style.time_label),
        streams=ranking.columns(ranking.streams(run), style.rate_label),
        thresholds=headline.thresholds(found),
        absent=headline.absent(run),
        auto=headline.auto(found),
        models=headline.models(found),
        advice=advice,
        instrument=known_delay.table(found["instrument"]),
        instrument_columns=known_delay.COLUMNS,
        line_hops=line_hops.table(found["line_hops"]),
        line_hops_columns=line_hops.COLUMNS,
        load=load_rows.table(found),
        load_columns=load_rows.COLUMNS,
        mixture=mixture_rows.table(found),
        mixture_columns=mixture_rows.COLUMNS,
        claims_said=claims.counts(found["claims"]),
        claim_columns=claims.COLUMNS,
        claims_shown=claims_parts.SHOWN,
        untestable=claims_parts.UNTESTABLE,
    )


def _question(one: Drawn, drawn: list[Drawn]) -> str:
    """What a script's docstring says first; of several pages, which one."""
    alike = [d.name for d in drawn if d.text == one.text]
    page = f" ({alike.index(one.name) + 1} of {len(alike)})" if len(alike) > 1 else ""
    return (one.text.split("\n\n")[0].strip().rstrip(".") or one.title) + page


def _reading(one: Drawn) -> str:
    """What it says after that, less its usage."""
    return USAGE.sub("", one.text).partition("\n\n")[2]


def _command(run: Run, one: Drawn) -> str:
    """What draws it again; its docstring ends in its usage."""
    usage = USAGE.search(one.text)
    script = usage[1] if usage else one.name
    return f"analysis/{script}.py {shlex.quote(str(run.path))}"


if __name__ == "__main__":
    sys.exit(command.ended(main))
