"""The cells of the fault matrix: which there are, and what a record must say to be right."""

from __future__ import annotations

import re
from dataclasses import dataclass

PROCESS_FAULTS = ("killed", "stopped", "exits", "throws", "segfault", "slow")
MESSAGE_FAULTS = ("wrong_byte", "duplicated", "lost", "reordered")
ROLES = ("client", "server")
MESSAGE_PHASES = ("verify", "warm_up", "measure", "close")
ROLE_PHASES = ("meet", *MESSAGE_PHASES)
PHASES = ("open", *ROLE_PHASES)
DEADLINE_MS = 100
# "Within a second of its deadline": a phase of these plans may take this much beyond its fixed
# deadline, twenty times what its probe promised.
PATIENCE_MS = 100
MOST_MS = DEADLINE_MS + PATIENCE_MS + 1000


@dataclass(frozen=True)
class Fault:
    target: str
    phase: str
    kind: str

    @property
    def text(self) -> str:
        return f"{self.target}:{self.phase}:{self.kind}"


def all_faults() -> list[Fault]:
    """Every cell that exists: only phases with messages can have one of them go wrong."""
    faults = [
        Fault("launch", phase, kind) for phase in ("open", "close") for kind in PROCESS_FAULTS
    ]
    for role in ROLES:
        faults += [Fault(role, phase, kind) for phase in ROLE_PHASES for kind in PROCESS_FAULTS]
        faults += [Fault(role, phase, kind) for phase in MESSAGE_PHASES for kind in MESSAGE_FAULTS]
    return faults


def alternating(faults: list[Fault]) -> list[Fault]:
    """Half of them: of the cells that both roles have, one role's each, in turn."""
    pairs = sorted({(f.phase, f.kind) for f in faults if f.target in ROLES})
    turn = {pair: ROLES[i % 2] for i, pair in enumerate(pairs)}
    return [f for f in faults if f.target == "launch" or turn[f.phase, f.kind] == f.target]


def absent(transport: dict, fault: Fault) -> str:
    """Why a transport has no such cell; empty where it has."""
    if fault.kind not in MESSAGE_FAULTS:
        return ""
    if not transport["carries_payload"]:
        return "nothing arrives"
    if not transport["answers"] and fault.target == "server":
        return "the server sends nothing"
    return ""


def verdict(record: dict, fault: Fault) -> str:
    """What is wrong with the record of a launch that the fault has struck; empty when nothing is."""
    if record["status"] != "failed":
        return f"{record['status']}: {record['reason']}"
    if record["messages"] != 0 or record["windows"] is not None:
        return "a failed launch has a number"
    if not re.search(expected_reason(fault), record["reason"]):
        return f"reason is `{record['reason']}`"
    took_ms = record["injected"]["ended_after_ns"] / 1e6
    return f"took {took_ms:.0f} ms" if took_ms > MOST_MS else ""


def expected_reason(fault: Fault) -> str:
    """The reason names who, what and in which phase; of a deadlock only the phase is known."""
    who, phase = fault.target, fault.phase
    late = rf"did not finish {phase} within \d+ ms"
    return {
        "killed": rf"^{who} killed by signal 9 \(Killed\) in {phase}$",
        "segfault": rf"^{who} killed by signal 11 \(Segmentation fault\) in {phase}$",
        "exits": rf"^{who} exited with 0 in {phase}$",
        "throws": rf"^{who}: injected exception in {phase}$",
        "stopped": rf"^launch {late}" if who == "launch" else rf"{who} \(stopped\).* {late}",
        "slow": rf"^launch {late}"
        if who == "launch"
        else rf"{who} \(in [^)]*nanosleep[^)]*\).* {late}",
        "lost": rf"{late}|^payload: .* in {phase},",
    }.get(fault.kind, rf"^payload: .* in {phase},|{late}")
