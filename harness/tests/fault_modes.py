"""In which way each transport is struck: a run has one of each, and all its transports share it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass


@dataclass(frozen=True)
class Mode:
    """What `ipcmark run` is told besides transports and faults."""

    experiment: str
    wait: str
    access: str
    touch: str
    variant: tuple[tuple[str, str], ...]  # axes beyond the default: backing, page_bytes, address

    def flags(self) -> list[str]:
        axes = {"wait": self.wait, "access": self.access, "touch": self.touch, **dict(self.variant)}
        words = [self.experiment]
        for axis, value in axes.items():
            words += [f"--{axis.replace('_', '-')}", value]
        return words

    def label(self, transport: str) -> str:
        """The transport's name in the tables."""
        more = [value for _, value in self.variant]
        more += ["payload untouched"] if self.touch == "none" else []
        return ", ".join([transport, *more])


def mode_of(transport: dict, touch: str) -> Mode:
    """Asleep where it can sleep, copying where it can copy."""
    wait = next(w for w in ("block", "yield", "spin", "spin_then_block") if w in transport["waits"])
    return Mode(
        experiment="latency" if transport["answers"] else "throughput",
        wait=wait,
        access="copy" if "copy" in transport["abilities"] else "in_place",
        touch=touch,
        variant=tuple((axis, str(value)) for axis, value in transport["variant"].items()),
    )


def by_mode(transports: list[dict], touch: str = "full") -> dict[Mode, list[dict]]:
    groups = defaultdict(list)
    for transport in transports:
        groups[mode_of(transport, touch)].append(transport)
    return groups


def first_of(key: str, transports: list[dict]) -> list[dict]:
    """The first transport of each value; those whose messages can go wrong come first."""
    chosen: dict[str, dict] = {}
    for transport in sorted(transports, key=lambda t: not (t["carries_payload"] and t["answers"])):
        chosen.setdefault(transport[key], transport)
    return list(chosen.values())
