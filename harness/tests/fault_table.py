"""The fault matrix as tables: Markdown for people, JSON for machines."""

from __future__ import annotations

import json
from pathlib import Path

from fault_cells import MESSAGE_FAULTS, PHASES, PROCESS_FAULTS, all_faults

KINDS = (*PROCESS_FAULTS, *MESSAGE_FAULTS)


def write(folder: Path, matrix, seconds: float) -> str:
    """fault_matrix.json and fault_matrix.md; returns their summary."""
    folder.mkdir(parents=True, exist_ok=True)
    cells = [
        {"transport": name, "fault": fault, "ended_after_ms": round(took, 1)}
        for (name, fault), took in sorted(matrix.took_ms.items())
    ]
    summary = summarise(matrix, seconds)
    (folder / "fault_matrix.json").write_text(
        json.dumps(
            {
                "summary": summary,
                "cells": cells,
                "wrong": [
                    {"where": list(key), "why": why} for key, why in sorted(matrix.wrong.items())
                ],
                "absent": [
                    {"where": list(key), "why": why} for key, why in sorted(matrix.absent.items())
                ],
            },
            indent=1,
        )
        + "\n"
    )
    (folder / "fault_matrix.md").write_text(
        markdown(matrix, sorted({name for name, _ in matrix.took_ms}), summary)
    )
    return summary


def summarise(matrix, seconds: float) -> str:
    took = sorted(matrix.took_ms.values())
    green = sum(key not in matrix.wrong for key in matrix.took_ms)
    times = (
        f"ended after {took[len(took) // 2]:.0f} ms (median), {took[-1]:.0f} ms (longest)"
        if took
        else "none"
    )
    return (
        f"{green} of {len(took)} cells green, {len(matrix.wrong)} wrong, {len(matrix.absent)} do not exist; "
        f"{times}; {seconds:.0f} s"
    )


def markdown(matrix, names: list[str], summary: str) -> str:
    lines = ["# Fault matrix", "", summary, ""]
    lines += [
        "Milliseconds from the fault to the end of the launch, the longer of the roles; `!` is wrong,",
        "",
    ]
    lines[-2] += " `-` does not exist, blank was not asked for."
    for phase in PHASES:
        kinds = [k for k in KINDS if any((f.phase, f.kind) == (phase, k) for f in all_faults())]
        lines += [
            f"## {phase}",
            "",
            "| transport | " + " | ".join(kinds) + " |",
            "|---" * (len(kinds) + 1) + "|",
        ]
        for name in names:
            lines.append(
                f"| {name} | " + " | ".join(cell(matrix, name, phase, k) for k in kinds) + " |"
            )
        lines.append("")
    if matrix.wrong:
        lines += (
            ["## Wrong", ""]
            + [f"- {' '.join(k)}: {why}" for k, why in sorted(matrix.wrong.items())]
            + [""]
        )
    return "\n".join(lines)


def cell(matrix, name: str, phase: str, kind: str) -> str:
    keys = [(name, f.text) for f in all_faults() if (f.phase, f.kind) == (phase, kind)]
    if any(key in matrix.wrong for key in keys):
        return "!"
    took = [matrix.took_ms[key] for key in keys if key in matrix.took_ms]
    if took:
        return f"{max(took):.0f}"
    return "-" if any(key in matrix.absent for key in keys) else ""
