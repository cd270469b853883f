"""From stage one, the ABBA pairs and the null control to a verdict for each series and for the night."""

from __future__ import annotations

import json
import math
import zlib
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

import nightly
import stats
from gate_driver import Pairs
from gate_window import Window
from nightly_values import Name

WORDS = {"slower": "REGRESSED", "faster": "IMPROVED"}
EXIT = {"REGRESSED": 1, "INSTRUMENT_UNHEALTHY": 4, "BASELINE_MISSING": 4, "BASELINE_BROKEN": 4}
# Which word speaks for the night, strongest first; after them what only refused (exit 3) says.
ORDER = (
    "INSTRUMENT_UNHEALTHY",
    "BASELINE_MISSING",
    "BASELINE_BROKEN",
    "REGRESSED",
    "ENVIRONMENT_SHIFT",
)
ORDER += ("SUSPECT", "IMPROVED", "CLEARED", "NO_BASELINE")
TENTHS = 10


@dataclass
class Finding:
    """A suspect and what became of it. Effects and bounds are ratios - 1 or ratios, as named."""

    series: Name
    verdict: str
    effect: float  # tonight against its window, ratio - 1
    z: float
    ratio: float | None = None  # candidate over baseline, same night
    lo: float | None = None
    hi: float | None = None
    p: float | None = None
    mde: float | None = None  # ratio - 1
    reason: str = ""


@dataclass
class Control:
    """A series of the null control: the baseline against itself."""

    series: Name
    ratio: float
    lo: float | None
    hi: float | None
    sd: float  # robust, of the pairs' log ratios
    n: int
    confirmed: bool


@dataclass
class Judgement:
    """All that a gate has to say of a night; what gate.json holds."""

    verdict: str
    said: str
    finding: list[Finding] = field(default_factory=list)
    control: list[Control] = field(default_factory=list)
    sensitivity: list[dict[str, Any]] = field(default_factory=list)
    mde: float | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        return EXIT.get(self.verdict, 0)

    def as_json(self) -> dict[str, Any]:
        """Finite numbers only; an infinite z (a count that never moved) is null."""
        return {"schema": 1, "exit_code": self.exit_code, **_finite(asdict(self))}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(v) for v in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value


def suspects(window: Window, effect: float) -> list[int]:
    """Rows to be measured again, worst first; an unstable series is shown and never gated."""
    rows = np.flatnonzero(window.stage.suspects(effect) & ~window.unstable)
    return sorted(map(int, rows), key=lambda row: -abs(window.stage.effect[row]))


def control_rows(window: Window, turn: int, most: int) -> list[int]:
    """The rows of this night's tenth of the cases: every case has its turn in ten nights."""
    judged = np.flatnonzero((window.stage.nights >= nightly.kFewest) & ~window.unstable)
    rows = [row for row in map(int, judged) if _tenth(window.names[row]) == turn % TENTHS]
    cases: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        cases.setdefault(window.names[row][::2], []).append(row)
    return [row for mine in list(cases.values())[:most] for row in mine]


def _tenth(name: Name) -> int:
    return zlib.crc32(f"{name.experiment} {name.case}".encode()) % TENTHS


def mde_of(window: Window, row: int, effect: float, pairs: Pairs | None = None) -> float | None:
    """The series' minimum detectable effect (ratio - 1); None without a window."""
    spread, error = window.stage.spread[row], window.error[row]
    if math.isnan(spread):
        return None
    if pairs is not None and pairs.blocks >= stats.kMinLaunches:
        pair_sd = stats.robust_sd(np.log(ratios(pairs)))
    else:
        pair_sd = nightly.pair_sd_of_error(
            0.0 if math.isnan(error) else error, window.launches[row]
        )
    return nightly.minimum_detectable(float(spread), pair_sd, effect)


def ratios(pairs: Pairs) -> stats.Array:
    """Candidate over baseline, launch by launch."""
    baseline, candidate = pairs.arrays()
    return np.ravel(candidate / baseline)


def judge_suspect(
    window: Window, row: int, pairs: Pairs | None, effect: float, why: str
) -> Finding:
    """One suspect's verdict; `why` says why there are no pairs, where there are none."""
    found = Finding(
        window.names[row], "SUSPECT", math.expm1(window.stage.effect[row]), float(window.stage.z[row]),
        mde=mde_of(window, row, effect, pairs), reason=why,
    )  # fmt: skip
    if pairs is None:
        return found
    if pairs.blocks < stats.kMinLaunches:
        found.reason = (
            f"{pairs.blocks} whole blocks at one canary level, {stats.kMinLaunches} are needed"
        )
        return found
    result = nightly.stage_two(*pairs.arrays())
    found.ratio, found.lo, found.hi = result.ratio, result.lo, result.hi
    slower = result.ratio >= 1
    found.p = result.p_slower if slower else result.p_two_sided / 2
    found.verdict = WORDS.get(nightly.confirmed(result), "CLEARED")
    if found.verdict == "CLEARED":
        _explain(found, window, row, pairs)
    return found


def _explain(found: Finding, window: Window, row: int, pairs: Pairs) -> None:
    """Both binaries alike: did the baseline leave its own window as tonight did?"""
    logs = np.log(pairs.arrays()[0]).ravel()
    error = stats.median_error(logs) or 0.0
    now = nightly.stage_one(np.array([np.median(logs)]), np.array([error]), window.past[[row]])
    moved = bool(now.suspects()[0]) and now.effect[0] * window.stage.effect[row] > 0
    if not moved:
        found.reason = "measured again, both binaries are alike"
        return
    found.reason = f"the baseline moved as well, by {100 * math.expm1(now.effect[0]):+.1f} %"
    if window.shifted:
        found.verdict = "ENVIRONMENT_SHIFT"
    else:
        found.reason += ": the machine, though no key of its epoch changed"


def judge_control(name: Name, pairs: Pairs) -> Control | None:
    """The null control's pair, or None below six blocks."""
    if pairs.blocks < stats.kMinLaunches:
        return None
    result = nightly.stage_two(*pairs.arrays())
    sd = stats.robust_sd(np.log(ratios(pairs)))
    word = nightly.confirmed(result)
    return Control(name, result.ratio, result.lo, result.hi, sd, pairs.blocks, bool(word))


def overall(findings: list[Finding], judged: int, unhealthy: bool, unusable: str) -> str:
    """The night's word."""
    words = {finding.verdict for finding in findings}
    words |= {"INSTRUMENT_UNHEALTHY"} if unhealthy else set()
    words |= {unusable} if unusable else set()
    words |= {"CLEARED" if judged else "NO_BASELINE"}
    return next(word for word in ORDER if word in words)


def injected_floor(rows: list[dict[str, Any]]) -> float | None:
    """The smallest injected delay that was found, as were all larger ones; None if the largest was not."""
    floor = None
    for row in sorted(rows, key=lambda r: -r["injected"]):
        if not row["confirmed"]:
            break
        floor = row["injected"]
    return floor


def series_words(name: Name) -> str:
    """A series for people: experiment, value, transport, then its other axes."""
    case = json.loads(name.case)
    transport = case.pop("transport", "")
    axes = " ".join(f"{k}={v}" for k, v in sorted(case.items()) if k != "reply_bytes")
    return f"{name.experiment} {name.value} {transport} {axes}"
