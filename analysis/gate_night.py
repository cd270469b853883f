"""One night's judgement: stage one, stage two on its suspects, the null control, and the sensitivity."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import gate_judge
import gate_window
import history_nights
import nightly
from baseline import Binary
from gate_driver import Driver, DriverFailed, Pairs, abba
from gate_judge import Control, Finding, Judgement
from gate_window import Window
from history_db import HistoryError
from history_nights import Row
from nightly_values import Name, canonical

INJECTED_NS = 5000  # some hundred quanta of any clock, and a wake-up's length
INJECTED = (0.01, 0.02, 0.03, 0.05, 0.10)


class ThresholdTooLow(Exception):
    """A threshold below what can be detected promises what the instrument cannot hold."""


@dataclass(frozen=True)
class Means:
    """What stage two works with; no driver or no baseline: only stage one is done, and `why` says so."""

    driver: Driver | None = None
    baseline: Binary | None = None
    candidate: Binary | None = None
    unusable: str = ""  # BASELINE_MISSING, BASELINE_BROKEN
    why: str = ""


@dataclass(frozen=True)
class Wishes:
    """What the command line asks."""

    effect: float | None = None  # threshold of stage one, ratio - 1; None: the default
    force: bool = False
    most: int = 100  # suspects, and cases of the null control
    blocks: int = nightly.kBlocks
    sensitivity: bool = False
    control: bool = True


def judge(
    connection: sqlite3.Connection,
    tonight: Row,
    means: Means,
    wishes: Wishes = Wishes(),
    say: Callable[[str], None] = lambda text: None,
) -> Judgement:
    """The whole night. Raises ThresholdTooLow, HistoryError; nothing is stored."""
    window = gate_window.window(connection, tonight)
    sensitivity = _sensitivity(means, wishes, say) or last_sensitivity(connection, tonight)
    mde = night_mde(window, wishes.effect or nightly.kEffect, sensitivity)
    refuse_threshold(wishes, mde)
    effect = wishes.effect or nightly.kEffect
    rows = gate_judge.suspects(window, effect)
    findings = _stage_two(window, rows, means, wishes, effect, say)
    controls = _null_control(connection, window, tonight, means, wishes, say)
    young = window.stage.nights < nightly.kFewest
    judged = int(np.count_nonzero(~young & ~window.unstable))
    unhealthy = any(control.confirmed for control in controls)
    if unhealthy:
        _distrust(findings)
    word = gate_judge.overall(findings, judged, unhealthy, means.unusable)
    found = Judgement(word, "", findings, controls, sensitivity, mde)
    found.facts = _facts(connection, window, tonight, means)
    found.facts |= {"judged": judged, "young": int(young.sum())}
    found.said = sentence(found)
    return found


def night_mde(window: Window, effect: float, sensitivity: list[dict[str, Any]]) -> float | None:
    """The night's minimum detectable effect, ratio - 1: the median over series, and no less than the
    smallest injected delay that was found.
    """
    each = [gate_judge.mde_of(window, row, effect) for row in range(len(window.names))]
    known = [m for m in each if m is not None and math.isfinite(m)]
    floor = gate_judge.injected_floor(sensitivity)
    if sensitivity and floor is None:
        floor = max(INJECTED)  # not even that was found
    return max([float(np.median(known))] + ([floor] if floor else [])) if known else floor


def refuse_threshold(wishes: Wishes, mde: float | None) -> None:
    if wishes.effect is not None and mde is not None and wishes.effect < mde and not wishes.force:
        raise ThresholdTooLow(
            f"--threshold {100 * wishes.effect:g} %: below the minimum detectable effect of tonight, "
            f"{100 * mde:.1f} %; take a larger one, or --force"
        )


def _stage_two(
    window: Window, rows: list[int], means: Means, wishes: Wishes, effect: float, say: Callable
) -> list[Finding]:
    """Suspects measured again; those beyond the limit, or without means, stay suspects."""
    chosen, rest = rows[: wishes.most], rows[wishes.most :]
    pairs: dict[Name, Pairs] = {}
    why = means.why
    if chosen and means.driver and means.baseline and means.candidate:
        names = [window.names[row] for row in chosen]
        say(f"{len(rows)} suspects, {len(names)} to be measured again")
        try:
            pairs = abba(
                means.driver, means.baseline, means.candidate, names, wishes.blocks, progress=say
            )
        except DriverFailed as error:
            why = str(error)
    findings = [
        gate_judge.judge_suspect(window, row, pairs.get(window.names[row]), effect, why)
        for row in chosen
    ]
    late = f"only the {wishes.most} largest were measured again (--most)"
    return findings + [gate_judge.judge_suspect(window, row, None, effect, late) for row in rest]


def _null_control(
    connection: sqlite3.Connection,
    window: Window,
    tonight: Row,
    means: Means,
    wishes: Wishes,
    say: Callable,
) -> list[Control]:
    """The baseline against itself. A first finding is measured once more: of hundreds of honest pairs a
    night one may look like a finding by chance, the same one twice does not.
    """
    if not (wishes.control and means.driver and means.baseline):
        return []
    query = (
        "SELECT count(*) FROM gate JOIN run ON run.id = gate.run WHERE machine = ? AND run.id < ?"
    )
    turn = connection.execute(query, (tonight.machine, tonight.id)).fetchone()[0]
    names = [window.names[row] for row in gate_judge.control_rows(window, turn, wishes.most)]
    if names:
        say(f"null control: {len(names)} series")
    found = _control_pairs(means, names, wishes.blocks, say)
    again = [control.series for control in found if control.confirmed]
    if not again:
        return found
    say(f"null control: {len(again)} found, measured once more")
    second = {
        control.series: control for control in _control_pairs(means, again, wishes.blocks, say)
    }
    return [
        second.get(control.series, control) if control.confirmed else control for control in found
    ]


def _control_pairs(means: Means, names: list[Name], blocks: int, say: Callable) -> list[Control]:
    if not names or means.driver is None or means.baseline is None:
        return []
    try:
        pairs = abba(means.driver, means.baseline, means.baseline, names, blocks, progress=say)
    except DriverFailed as error:
        say(f"null control: {error}")
        return []
    found = (gate_judge.judge_control(name, both) for name, both in pairs.items())
    return [control for control in found if control]


def _sensitivity(means: Means, wishes: Wishes, say: Callable) -> list[dict[str, Any]]:
    """Known delays in the null transport, each a bit longer than the reference: which are found?"""
    if not (wishes.sensitivity and means.driver and means.baseline):
        return []
    found = []
    for share in INJECTED:
        say(f"sensitivity: {100 * share:g} % injected")
        reference, longer = delay_series(INJECTED_NS), delay_series(
            round(INJECTED_NS * (1 + share))
        )
        try:
            pairs = abba(
                means.driver, means.baseline, means.baseline, [reference], wishes.blocks,
                twin=lambda _, longer=longer: longer,
            )[reference]  # fmt: skip
        except DriverFailed as error:
            say(f"sensitivity: {error}")
            return []
        if pairs.blocks == 0:
            say("sensitivity: no whole block at one canary level")
            return []
        result = nightly.stage_two(*pairs.arrays())
        found.append({
            "injected": share, "ratio": result.ratio, "lo": result.lo, "hi": result.hi,
            "confirmed": nightly.confirmed(result) == "slower",
        })  # fmt: skip
    return found


def delay_series(delay_ns: int) -> Name:
    """The series of the null transport with a known delay, at polling CPUs on the usual pair."""
    case = {
        "delay_ns": delay_ns, "idle": "polling", "message_bytes": 8, "pattern": "ping",
        "placement": "same_llc", "reply_bytes": 8, "touch": "header", "transport": "null", "wait": "spin",
    }  # fmt: skip
    metric = {
        "answered_bytes": 8, "asked_bytes": 8, "copies": 0, "loop": "closed",
        "quantity": "round_trip_ns", "touched_by": "header", "verified": False,
    }  # fmt: skip
    return Name("instrument", "p50", canonical(case), canonical(metric))


def last_sensitivity(connection: sqlite3.Connection, tonight: Row) -> list[dict[str, Any]]:
    """The newest rows of the machine, at most so old as its history."""
    query = (
        "SELECT s.run, injected, ratio, lo, hi, confirmed FROM sensitivity s JOIN run ON run.id = s.run "
        "WHERE machine = ? AND started_ns <= ? ORDER BY started_ns DESC, injected"
    )
    rows = connection.execute(query, (tonight.machine, tonight.started_ns)).fetchall()
    return [
        dict(zip(("injected", "ratio", "lo", "hi", "confirmed"), (*row[1:5], bool(row[5]))))
        for row in rows
        if row[0] == rows[0][0]
    ]


def _distrust(findings: list[Finding]) -> None:
    for finding in findings:
        if finding.verdict in gate_window.kChanged:
            finding.verdict = "SUSPECT"
            finding.reason = "the null control found a difference where there is none"


def _facts(
    connection: sqlite3.Connection, window: Window, tonight: Row, means: Means
) -> dict[str, Any]:
    ledger = connection.execute(
        "SELECT count(*), count(DISTINCT control.run), coalesce(sum(confirmed), 0) FROM control "
        "JOIN run ON run.id = control.run WHERE machine = ? AND run.id != ?",
        (tonight.machine, tonight.id),
    ).fetchone()
    facts: dict[str, Any] = {
        "series": len(window.names), "unstable": int(window.unstable.sum()),
        "nights": window.nights, "window_epoch": window.epoch, "why": means.why,
        "ledger": dict(zip(("pairs", "nights", "confirmed"), ledger)),
    }  # fmt: skip
    if window.shifted:
        facts["epoch_changed"] = history_nights.changed(
            connection, "epoch", window.epoch, tonight.epoch
        )
        facts["epoch_step"] = [
            {"series": list(name), "effect": math.expm1(effect), "z": z}
            for name, effect, z in zip(window.names, window.stage.effect, window.stage.z)
            if not math.isnan(effect)
        ]
    return facts


def sentence(found: Judgement) -> str:
    """The verdict in one sentence, numbers first."""
    facts, words = found.facts, [finding.verdict for finding in found.finding]
    counts = ", ".join(f"{words.count(w)} {w}" for w in dict.fromkeys(words)) or "no suspects"
    said = f"{facts['judged']} of {facts['series']} series judged against {facts['nights']} nights: {counts}"
    bad = sum(control.confirmed for control in found.control)
    if bad:
        said += f"; the baseline differs from itself in {bad} of {len(found.control)} series"
    if facts.get("epoch_changed"):
        said += f"; another epoch: {'; '.join(facts['epoch_changed'][:4])}"
    return said


def refuse_strange(connection: sqlite3.Connection, machine: dict[str, Any], new: bool) -> None:
    """Another machine than all of the history's is refused, naming what differs, unless it is to begin one."""
    known = {row.machine: row for row in history_nights.runs(connection)}
    if new or not known or machine.get("key") in known:
        return
    last = list(known)[-1]
    theirs = history_nights.fields(connection, "machine", last)
    names = sorted(k for k in {*machine, *theirs} - {"key"} if machine.get(k) != theirs.get(k))
    differs = ", ".join(f"{k}: {_word(theirs.get(k))} -> {_word(machine.get(k))}" for k in names)
    raise HistoryError(
        f"machine differs from every night of the history ({differs or 'key'}); "
        "if its history is to begin here: --new-machine"
    )


def _word(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."
