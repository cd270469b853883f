#!/usr/bin/python3
"""Series of canary readings with the levels and the verdict that steadiness.py gives them.

Run it to write results/reference/canary_rule.json anew, to which C++ is held too.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import steadiness

FILE = Path(__file__).resolve().parents[2] / "results/reference/canary_rule.json"
kSeries = 60


def series(seed: int) -> tuple[str, list[float]]:
    """Readings of a run in ns: one level, two or three of unlike shares, a drift, or a constant."""
    random = np.random.default_rng(seed)
    n, sd = int(random.integers(10, 120)), float(random.choice([0.002, 0.02, 0.06]))
    shape = ("one", "two", "three", "drift", "constant")[seed % 5]
    levels = {
        "one": np.full(n, 118.0),
        "two": np.where(random.random(n) < random.uniform(0.02, 0.5), 470.0, 118.0),
        "three": random.choice([60.0, 118.0, 470.0], n),
        "drift": np.linspace(110, 125, n),
        "constant": np.full(n, 120.0),
    }[shape]
    noise = 0.0 if shape == "constant" else sd
    return shape, [float(f"{x:.5g}") for x in levels * np.exp(random.normal(0, noise, n))]


def launches(seed: int, readings: list[float]) -> list[list[tuple[float, float]]]:
    """A quiet launch, one beside the usual level by a little and by a lot, and one that moved."""
    random = np.random.default_rng(seed)
    usual = float(np.median(readings))
    centres = (usual, usual * float(random.uniform(1.005, 1.1)), usual * 1.5)
    quiet = [[(round(c, 2), round(c * 1.01, 2))] * 3 for c in centres]
    jump = float(random.choice([1.1, 1.14, 1.16, 1.3]))
    return [*quiet, [(usual, usual), (usual, round(usual * jump, 2))]]


def judged() -> list[dict[str, Any]]:
    found = []
    for seed in range(kSeries):
        shape, readings = series(seed)
        quantum = float(seed % 3) * 0.4
        verdicts = [
            {"cases": [list(c) for c in launch],
             "verdict": steadiness.canary_verdict(launch, readings, quantum)}
            for launch in launches(seed, readings)
        ]  # fmt: skip
        found.append({"shape": shape, "readings_ns": readings, "quantum_ns": quantum,
                      "levels_ns": steadiness.canary_levels(readings), "launches": verdicts})  # fmt: skip
    return found


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(one) for one in judged())
    FILE.write_text(f"[\n{lines}\n]\n")
