"""What the gate prints: the verdict first, then every suspect with what could have been detected."""

from __future__ import annotations

import math

from gate_judge import Finding, Judgement, injected_floor, series_words

SHOWN = 40


def text(found: Judgement) -> str:
    """The whole of it, for people."""
    lines = [f"{found.verdict}: {found.said}"]
    if found.finding:
        lines += ["", *table(found.finding)]
    lines += ["", *footer(found)]
    return "\n".join(lines)


def table(findings: list[Finding]) -> list[str]:
    """A row a finding: tonight against its window, then baseline against tonight's, then the verdict."""
    lines = [
        f"{'tonight':>9} {'z':>6}  {'same night':>10} {'95 % interval':>18} {'p':>8} {'MDE':>7}  verdict"
    ]
    for f in findings[:SHOWN]:
        bounds = "-" if f.lo is None or f.hi is None else f"[{_percent(f.lo)}, {_percent(f.hi)}]"
        p = "-" if f.p is None else f"{f.p:.2g}"
        mde = "-" if f.mde is None else f"{100 * f.mde:.1f} %"
        z = f"{f.z:.1f}" if math.isfinite(f.z) else "inf"
        ratio = "-" if f.ratio is None else _percent(f.ratio)
        lines.append(
            f"{_percent(1 + f.effect):>9} {z:>6}  {ratio:>10} {bounds:>18} {p:>8} {mde:>7}  "
            f"{f.verdict:17} {series_words(f.series)}{f' ({f.reason})' if f.reason else ''}"
        )
    hidden = len(findings) - SHOWN
    return [*lines, f"{hidden} more in gate.json"] if hidden > 0 else lines


def _percent(ratio: float) -> str:
    return f"{100 * (ratio - 1):+.1f} %"


def footer(found: Judgement) -> list[str]:
    """Null control, ledger, sensitivity, minimum detectable effect, and what was not judged."""
    facts, lines = found.facts, []
    bad = sum(control.confirmed for control in found.control)
    if found.control:
        lines.append(f"null control: {len(found.control)} series, {bad} confirmed")
    else:
        lines.append(
            "null control: none tonight" + (f": {facts['why']}" if facts.get("why") else "")
        )
    ledger = facts["ledger"]
    lines.append(
        f"A/A ledger: {ledger['pairs']} pairs in {ledger['nights']} nights before, "
        f"{ledger['confirmed']} confirmed"
    )
    if found.sensitivity:
        floor = injected_floor(found.sensitivity)
        seen = f"from {100 * floor:g} % on" if floor else "not even the largest"
        lines.append(f"injected delays: found {seen}")
    mde = (
        "unknown: too few nights"
        if found.mde is None
        else f"{100 * found.mde:.1f} % (median of series)"
    )
    lines.append(f"minimum detectable effect: {mde}")
    if facts["young"]:
        lines.append(
            f"NO_BASELINE: {facts['young']} series have fewer than six nights to be held against"
        )
    if facts["unstable"]:
        lines.append(f"unstable, shown and not gated: {facts['unstable']} series")
    if facts.get("epoch_changed"):
        lines += [
            "another epoch than the nights before:",
            *(f"  {c}" for c in facts["epoch_changed"]),
        ]
        steps = sorted(row["effect"] for row in facts["epoch_step"])
        if steps:
            middle, far = steps[len(steps) // 2], sum(
                abs(math.log1p(e)) > math.log(1.02) for e in steps
            )
            lines.append(
                f"  step over {len(steps)} series: median {100 * middle:+.1f} %, {far} beyond 2 %"
            )
    return lines
