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
BEYOND_DEADLINE_MS = 1000  # by then the launch has ended


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


def unread() -> list[Fault]:
    """Where nobody looks at a payload while it is measured: what the close finds all the same."""
    return [
        Fault(role, phase, kind)
        for role in ROLES
        for phase in ("warm_up", "measure")
        for kind in ("duplicated", "lost")
    ]


def absent(transport: dict, fault: Fault) -> str:
    """Why a transport has no such cell; empty where it has."""
    if fault.kind not in MESSAGE_FAULTS:
        return ""
    if not transport["carries_payload"]:
        return "nothing arrives"
    if not transport["answers"] and fault.target == "server":
        return "the server sends nothing"
    return ""


def late_elsewhere(record: dict, fault: Fault) -> bool:
    """Whether a later phase than the fault's was late, where the reason should be another."""
    late = re.search(r"did not finish (\w+) within \d+ ms", record["reason"])
    right = re.search(expected_reason(fault), record["reason"])
    return late is not None and late[1] != fault.phase and not right


def verdict(record: dict, fault: Fault, deadline_ms: int, unread: bool) -> str:
    """What is wrong with the record of a launch that the fault has struck; empty when nothing is."""
    if record["status"] != "failed":
        return f"{record['status']}: {record['reason']}"
    if record["messages"] != 0 or record["windows"] is not None:
        return "a failed launch has a number"
    if not re.search(UNREAD_REASON if unread else expected_reason(fault), record["reason"]):
        return f"reason is `{record['reason']}`"
    # A measured phase may take as long as its probe promised besides the fixed deadline: it says.
    said = re.search(r"within (\d+) ms", record["reason"])
    most_ms = (int(said[1]) if said else deadline_ms) + BEYOND_DEADLINE_MS
    took_ms = record["injected"]["ended_after_ns"] / 1e6
    return f"took {took_ms:.0f} ms" if took_ms > most_ms else ""


# A message too many or too few is not seen where no payload is looked at: the last few are.
UNREAD_REASON = (
    r"^payload: .* in close,|did not finish (warm_up|measure|close) within"
    r"|^(client|server): .*Bad message in"
)


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
        # A stream goes on without it: the receiver is one short at the end of what was ordered.
        "lost": rf"{late}|did not finish measure|^payload: .* in {phase},",
    }.get(
        fault.kind, rf"^payload: .* in {phase},|{late}|^(client|server): .*Bad message in {phase}$"
    )
