#!/usr/bin/python3
"""Compare two runs, case by case: what became slower or faster from A to B, and how sure that is.

Cases are paired by all their axes (an `auto` threshold is a result, not an axis); launches are the
unit. Per case: the ratio B / A of launch medians (Hodges-Lehmann), its 95 % interval, and tests
over all cases with control of false discoveries. `slower` and `faster` are confirmed, `suspect`
would need more launches, `unstable` is shown and not judged, `few` is below six launches a side.
Times: larger is worse.

Runs of different machines, epochs or metrics are refused (exit 2, one line); --across-epoch permits
another epoch.

analysis/compare.py A B [--across-epoch] [--value p50] [--only transport=pipe] [--all] [--json]
"""

from __future__ import annotations

import argparse
import json
import math
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import command
import comparison
import pairing
import records
from pairing import Pair, Refused

SHOWN = 40
CONFIRMED = ("slower", "faster")


def judged(pairs: list[Pair], margin: float, rate: float) -> list[tuple[Pair, str]]:
    """Each pair and its word, largest effect first; only steady cases take part in the tests."""
    steady = [pair for pair in pairs if not pair.unstable]
    words = comparison.judge([pair.result for pair in steady], margin, rate)
    found = list(zip(steady, words)) + [(pair, "unstable") for pair in pairs if pair.unstable]
    return sorted(found, key=lambda both: -max(both[0].result.ratio, 1 / both[0].result.ratio))


def verdict(found: list[tuple[Pair, str]], unpaired: tuple[int, int]) -> str:
    """One line: what was confirmed, what is in doubt, what could not be paired."""
    counts = Counter(word for _, word in found)
    said = [f"{counts['slower']} slower, {counts['faster']} faster of {len(found)} cases"]
    said += [f"{counts[w]} {w}" for w in ("suspect", "unstable", "few") if counts[w]]
    said += [f"{n} only in {side}" for n, side in zip(unpaired, "AB") if n]
    return "; ".join(said)


def table(found: list[tuple[Pair, str]], everything: bool) -> list[str]:
    """Rows for people: effect with interval, p-values, launches, word and case."""
    shown = [both for both in found if everything or both[1] not in ("same", "few")]
    axes = pairing.varied([pair for pair, _ in found])
    lines = [f"{'B / A':>9}  {'95 % interval':>18}  {'p ranks':>8}  {'p welch':>8}  {'n':>4}  word"]
    for pair, word in shown if everything else shown[:SHOWN]:
        r = pair.result
        bounds = "-" if r.lo is None else f"[{_percent(r.lo)}, {_percent(r.hi or 0)}]"
        welch = "-" if math.isnan(r.p_welch) else f"{r.p_welch:.2g}"
        p = f"{r.p_two_sided:8.2g}  {welch:>8}"
        name = pair.name(axes)
        lines.append(f"{_percent(r.ratio):>9}  {bounds:>18}  {p}  {r.n:4}  {word:8} {name}")
    hidden = len(found) - len(lines) + 1
    return [*lines, f"{hidden} cases not shown (--all)"] if hidden else lines


def _percent(ratio: float) -> str:
    return f"{100 * (ratio - 1):+.1f} %"


def as_json(found: list[tuple[Pair, str]], said: str) -> dict[str, Any]:
    """The same for machines; ratios, not percentages; null = no value."""
    keep = ("ratio", "lo", "hi", "p_two_sided", "p_welch", "n")
    rows = [
        {
            "experiment": pair.experiment,
            "case": pair.case,
            "word": word,
            **{k: None if (v := getattr(pair.result, k)) != v else v for k in keep},
        }
        for pair, word in found
    ]
    return {"verdict": said, "cases": rows}


def options(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = command.Parser(__doc__)
    parser.add_argument("a", type=Path, help="the baseline's run folder")
    parser.add_argument("b", type=Path, help="the candidate's run folder")
    parser.add_argument("--across-epoch", action="store_true", help="permit another epoch")
    parser.add_argument("--value", choices=sorted(pairing.VALUES), default="p50")
    parser.add_argument("--only", action="append", default=[], metavar="AXIS=VALUE")
    parser.add_argument(
        "--margin", type=command.within(0, 100), default=0.01, help="ratio of no interest - 1"
    )
    parser.add_argument(
        "--rate", type=command.within(0, 1), default=0.01, help="false-discovery rate"
    )
    parser.add_argument("--all", action="store_true", help="print every case")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Load, refuse or compare, print; 0, or 2 for what must not or cannot be compared."""
    given = options(argv)
    try:
        a, b = records.load(given.a), records.load(given.b)
        pairing.check_same_place(a, b, given.across_epoch)
        pairs, unpaired = pairing.pair_up(a, b, given.value, given.only)
    except (records.RecordsError, Refused, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    if not pairs:
        print(
            f"{given.a} and {given.b} have no case in common: nothing is compared", file=sys.stderr
        )
        return 2
    found = judged(pairs, given.margin, given.rate)
    said = verdict(found, unpaired)
    if given.json:
        print(json.dumps(as_json(found, said), allow_nan=False))
    else:
        print("\n".join([*table(found, given.all), said]))
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` is no error
    sys.exit(command.ended(main))
