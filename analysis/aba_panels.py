"""The panels of aba.py: each draws its part and returns its rows and what the caption must say."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MultipleLocator

import aba_values as aba
import paired_values as paired
import style
from records import Run

BASELINE = "naked_ns"
CLAIMED = (1.0, 26)
PAUSES_S = [10 ** (e / 8) for e in range(-24, 17)]  # 1 ms to 100 s

Part = tuple[list[dict[str, Any]], list[str]]


def bits(ax: Axes, run: Run) -> Part:
    rate = paired.over_launches(run, aba.rate_records(run), aba.per_s)
    if rate is None:
        return [], []
    needed = lambda per_s: [aba.bits_needed(per_s, p) for p in PAUSES_S]  # noqa: E731
    ax.plot(PAUSES_S, needed(rate.value), color=style.PALETTE[0], drawstyle="steps-mid")
    if rate.lo is not None and rate.hi is not None:
        ax.fill_between(PAUSES_S, needed(rate.lo), needed(rate.hi), step="mid", alpha=0.25,
                        color=style.PALETTE[0], lw=0)  # fmt: skip
    ax.plot(*CLAIMED, "x", color=style.INK, ms=7)
    ax.annotate("claimed: 26 bits for 1 s", CLAIMED, xytext=(6, -10), textcoords="offset points", fontsize=7)  # fmt: skip
    style.log_axis(ax.xaxis, lambda s, _=None: style.time_label(1e9 * s))
    ax.yaxis.set_major_locator(MultipleLocator(4))
    ax.set(xlabel="pause [time]", ylabel="bits of the counter")
    rows = [{"pause_s": p, "bits": aba.bits_needed(rate.value, p), **paired.columns(rate)} for p in PAUSES_S]  # fmt: skip
    derived = [f"{b} bits last {_span(aba.years_to_wrap(rate.value, b))}" for b in aba.DERIVED_BITS]
    return rows, [f"{rate.value / 1e6:.0f}·10⁶ updates/s", f"derived: {', '.join(derived)}"]


def _span(years: float) -> str:
    return f"{years:,.0f} years" if years >= 1 else f"{years * aba.YEAR_S:,.0f} s"


def deceived(ax: Axes, run: Run) -> Part:
    found = aba.trials(run)
    bits = sorted({t.bits for t in found})
    for trial in found:
        if trial.undetected:
            i = aba.ADVANCES.index(trial.advance)
            y = bits.index(trial.bits) + 0.22 * (i - 1)
            paired.dot(ax, trial.undetected, y, style.PALETTE[i])
    paired.rows_of(ax, [f"{b} bits" if b else "no counter" for b in bits])
    ax.set_xlim(-0.05, 1.05)
    ax.set_xlabel("exchanges that succeeded all the same [share]")
    rows = [{"counter_bits": t.bits, "advance": t.advance, "trials": t.trials,
             **paired.columns(t.undetected)} for t in found]  # fmt: skip
    return rows, []


def broken(ax: Axes, run: Run) -> Part:
    rows, names = [], []
    for bits, records in aba.stacks(run).items():
        at = paired.over_launches(run, records, paired.share("storms_corrupted", "storms"))
        if at is None:
            continue
        total = lambda name: int(sum(r.values[name] for r in records))  # noqa: E731
        broken, storms = total("storms_corrupted"), total("storms")
        paired.dot(ax, at, len(names), style.PALETTE[3], f"{broken:,} of {storms:,}")
        names.append(_counter(bits))
        rows.append({"counter_bits": bits, "storms": storms, "storms_corrupted": broken,
                     "held_twice": total("held_twice"), "nodes_lost": total("nodes_lost"),
                     **paired.columns(at)})  # fmt: skip
    paired.rows_of(ax, names)
    ax.set_xlim(-0.05, 1.05)
    ax.set_xlabel("storms that broke the stack [share]")
    return rows, []


def cost(ax: Axes, run: Run) -> Part:
    rows, names, notes = [], [], []
    for bits, records in aba.stacks(run).items():
        at = paired.over_launches(run, records, paired.more_ns(BASELINE))
        of = paired.over_launches(run, records, paired.times(BASELINE))
        if at is None or of is None:
            continue
        paired.dot(ax, at, len(names), style.PALETTE[4], f"{at.value:+.2f} ns, {of.value:.3g}×")
        names.append(_counter(bits))
        rows.append({"counter_bits": bits, "times": of.value, **paired.columns(at)})
        notes += [] if bits else [paired.null_words(of, "no counter / no counter")]
    paired.rows_of(ax, names)
    ax.axvline(0, lw=0.8, color=style.MUTED)
    ax.margins(x=0.12)
    ax.set_xlabel("more than without a counter [ns]")
    return rows, notes


def _counter(bits: int) -> str:
    return "no counter" if not bits else f"{bits} bits" if bits <= 32 else f"{bits} bits, two words"
