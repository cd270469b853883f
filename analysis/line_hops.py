"""How many hand-offs of a cache line a small message takes through shared memory, and how many more than it needs.

The canary beside each case is the round trip of a bare line between the same two CPUs: two hand-offs, as a round trip
is two messages. Their ratio says how many hand-offs lie one after the other in each message, whatever the machine's
speed. A message of up to 56 B can travel in one line with its sequence number. What a lock, an index on a line of its own or
a word in the wrong line adds, stands beyond that; compared with the quickest other transport of the run, by block. So
does what an end computes, since only its time is seen; between CPUs far apart a word may cost nothing that does between near ones.
"""

from __future__ import annotations

import math
from typing import Any

import families
import stats
from crossover_rows import number
from records import Record, Run, by_launch, freeze, group
from series import Levels

ONE_LINE_BYTES = 56  # a line less a sequence number
WORTH = 0.5  # hand-offs a message: half a line's way is what timing alone may make
FEWEST = 3  # blocks in each of which it stands out, where there are too few for an interval
COLUMNS = ("transport", "hand-offs a message", "beyond the quickest [95 %]", "blocks", "conditions")
REMEDY = (
    "put what one end writes for itself into lines that the other neither reads nor polls, and measure again; "
    "with a PMU, ipcmark run counters --counters coherence: it counts the lines that move"
)
Row = dict[str, Any]


def rows(run: Run) -> list[Row]:
    """One a transport and condition, at the run's smallest size, for summary.json; empty without spinning ends."""
    spun = run.of("latency", pattern="ping", wait="spin")
    mine = [r for r in spun if families.family(r) == families.SHARED and _hops(r) > 0]
    least = min((r.message_bytes for r in mine), default=ONE_LINE_BYTES)
    small = [r for r in mine if r.message_bytes == least <= ONE_LINE_BYTES]
    levels, strange, found = Levels.of(run), _plugged_in(run), []
    for alike in group(small, _condition).values():
        for level, at in group(alike, levels.level).items():  # two levels are two machines
            if level is not None:
                found += _of_case(at, levels.name(at[0], level), strange)
    return sorted(found, key=lambda row: (row["level"], row["handoffs"], row["transport"]))


def doubts(run: Run) -> list[tuple[str, str, str]]:
    """Check, message and remedy of each transport of a plug-in that moves lines more often than it needs to."""
    mine = _plugged_in(run)
    return [
        ("cache_lines", _words(row), REMEDY)
        for row in rows(run)
        if row["transport"] in mine and _least(row) > WORTH
    ]


def table(found: list[Row]) -> list[list[str]]:
    """The report's cells, under COLUMNS."""
    return [_cells(row) for row in found]


def _plugged_in(run: Run) -> set[str]:
    names = [p.get("transports") for p in run.manifest.get("plugins") or []]
    return {str(name) for some in names if isinstance(some, list) for name in some}


def _condition(record: Record) -> Any:
    return freeze(record.case, ("transport",)), freeze(record.metric)


def _hops(record: Record) -> float:
    """Hand-offs a message: the median of single round trips over the bare line's; nan without either.

    Not the median window: on CPUs that others use each window is stopped at times, the median round trip is not.
    """
    return record.percentile(50)[0] / record.canary_ns if record.canary_ns > 0 else math.nan


def _of_case(records: list[Record], level: str, strange: set[str]) -> list[Row]:
    members = group(records, lambda r: r.transport)
    blocks = {name: _by_block(rs) for name, rs in members.items()}
    medians = {name: stats.median_interval(list(b.values())).value for name, b in blocks.items()}
    known = [name for name in medians if name not in strange]
    quickest = min(known, key=lambda name: medians[name], default=None)
    its = blocks.get(quickest or "", {})
    return [
        {"level": level, **_row(rs[0].case, blocks[n], quickest, its)} for n, rs in members.items()
    ]


def _by_block(records: list[Record]) -> dict[int, float]:
    blocks = group(records, lambda r: r.block)
    return {
        block: stats.median_interval(by_launch(rs, _hops)).value for block, rs in blocks.items()
    }


def _row(
    case: dict[str, Any], mine: dict[int, float], quickest: str | None, its: dict[int, float]
) -> Row:
    """Beyond the quickest of its block; itself is no more than itself."""
    at = stats.median_interval(list(mine.values()))
    extra = [mine[b] - its[b] for b in mine if b in its]
    beyond = stats.median_interval(extra) if extra and case["transport"] != quickest else None
    return {
        "transport": case["transport"],
        "case": case,
        "handoffs": at.value,
        "lo": number(at.lo),
        "hi": number(at.hi),
        "n": at.n,
        "quickest": quickest,
        "extra": None if beyond is None else beyond.value,
        "extra_lo": None if beyond is None else number(beyond.lo),
        "extra_hi": None if beyond is None else number(beyond.hi),
        "extra_least": None if beyond is None or len(extra) < FEWEST else min(extra),
    }


def _least(row: Row) -> float:
    """Below six blocks there is no interval, and each block must show it."""
    least = row["extra_least"] if row["extra_lo"] is None else row["extra_lo"]
    return 0.0 if least is None else least


def _words(row: Row) -> str:
    case, level = row["case"], row["level"]
    return (
        f"{case['transport']}{' ' if level else ''}{level}: a message of {case['message_bytes']} B takes as long as {row['handoffs']:.2f} "
        f"hand-offs of a cache line, {_beyond(row)} more than through {row['quickest']}: a line that both ends touch moves more often than "
        "the message needs (a word that one end writes for itself where the other polls, an index apart, a lock), or an end computes that long"
    )


def _beyond(row: Row) -> str:
    bounds = row["extra_lo"] is not None and row["extra_hi"] is not None
    return f"{row['extra']:.2f}" + (
        f" [{row['extra_lo']:.2f}, {row['extra_hi']:.2f}]" if bounds else ""
    )


def _cells(row: Row) -> list[str]:
    case = row["case"]
    beyond = "–" if row["extra"] is None else f"{_beyond(row)} than {row['quickest']}"
    names = ("access", "backing", "placement", "idle", "roles")
    told = [
        f"{case['message_bytes']} B",
        *(str(case[n]) for n in names if case.get(n)),
        row["level"],
    ]
    return [
        case["transport"],
        f"{row['handoffs']:.2f}",
        beyond,
        str(row["n"]),
        " ".join(told).rstrip(),
    ]
