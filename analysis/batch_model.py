"""Batches in an open loop: what was measured per setting, the model of the wait, the Pareto front.

A message waits for its batch (METHOD section 4). Where the timer, started by a batch's first message, sends it and
arrivals are Poisson, the mean wait is τ(1+λτ/2)/(1+λτ); where the batch is full before, (B-1)/(2λ). Both are limits of
one sum, over the k messages that have joined the first by τ, which holds in between too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import pdtrc  # scipy.stats takes half a second to load

import families
import stats
import style
from records import Record, Run, as_number, by_launch, group
from records import freeze
from panels import CONDITIONS
from series import Levels, point, varying

AXES = ("batch", "flush_ns", "rate_per_s")
TAILS = (99, 95, 90)
CLEAR = 3.0  # a regime is clear where one wait is this many times the other


@dataclass(frozen=True)
class Setting:
    """One batch size and flush timeout of a transport at a rate: medians over launches, in ns."""

    transport: str
    label: str
    condition: str
    batch: float
    flush_ns: float
    rate_per_s: float
    poisson: bool
    p50_ns: float
    p99_ns: float
    p99: stats.Interval
    p99_reliability: str
    cpu_ns: float
    wait: stats.Interval  # mean over a launch's messages
    fill: float
    tail: int  # percentile that p99 had to be, for want of samples

    def row(self, panel: str, on_front: bool) -> dict[str, Any]:
        """As the figure's CSV holds it."""
        return {
            "panel": panel, "transport": self.transport, "label": self.label, "batch": self.batch,
            "flush_ns": self.flush_ns, "rate_per_s": self.rate_per_s, "p50_response_ns": self.p50_ns,
            "p99_response_ns": self.p99_ns, "p99_lo": self.p99.lo, "p99_hi": self.p99.hi,
            "launches": self.p99.n, "p99_reliability": self.p99_reliability,
            "receiver_cpu_ns_per_message": self.cpu_ns, "batch_fill": self.fill, "mean_wait_ns": self.wait.value,
            "mean_wait_lo": self.wait.lo, "mean_wait_hi": self.wait.hi,
            "model_wait_ns": model_wait(self), "limit_wait_ns": limit_wait(self), "regime": regime(self),
            "tail_percentile": self.tail, "pareto": int(on_front),
        }  # fmt: skip


def timer_wait(flush_ns: float, rate_per_s: float) -> float:
    """Mean wait, ns, when the timer sends every batch; Poisson arrivals."""
    if math.isinf(flush_ns):
        return math.inf
    due = rate_per_s * flush_ns * 1e-9  # messages that come while the timer runs
    return flush_ns * (1 + due / 2) / (1 + due)


def fill_wait(batch: float, rate_per_s: float) -> float:
    """Mean wait, ns, when every batch is full before its timer fires."""
    return (batch - 1) / (2 * rate_per_s) * 1e9


def regime(setting: Setting) -> str:
    """`timer`, `full`, or `between`, by how long a batch takes to fill against its timeout."""
    filling = 2 * fill_wait(setting.batch, setting.rate_per_s)
    if filling * CLEAR < setting.flush_ns:
        return "full"
    return "timer" if filling > CLEAR * setting.flush_ns else "between"


def model_wait(setting: Setting) -> float:
    """Mean wait of a message for its batch, ns."""
    return mean_wait(setting.batch, setting.flush_ns, setting.rate_per_s)


def mean_wait(batch: float, flush_ns: float, rate_per_s: float) -> float:
    """Whichever comes first, the batch's last message or its timer; Poisson arrivals, no time to send.

    While k messages have joined the first, 1+k wait; that lasts P(N(τ) > k)/λ on average, and a batch has
    1 + Σ P(N(τ) > k) messages, k from 0 to B-2.
    """
    if math.isinf(flush_ns):
        return fill_wait(batch, rate_per_s)
    joined = np.arange(int(batch) - 1)
    later = pdtrc(joined, rate_per_s * flush_ns * 1e-9)  # P(N > joined) of a Poisson N
    waited = float(((1 + joined) * later).sum()) / rate_per_s * 1e9
    return waited / (1 + float(later.sum()))


def limit_wait(setting: Setting) -> float:
    """The rule of the setting's regime; in between the smaller of the two, which then only bounds it."""
    timer = timer_wait(setting.flush_ns, setting.rate_per_s)
    full = fill_wait(setting.batch, setting.rate_per_s)
    return {"timer": timer, "full": full}.get(regime(setting), min(timer, full))


def pareto(settings: list[Setting]) -> list[Setting]:
    """The settings no other is at least as good as in both p99 and CPU time, by rising p99."""
    front: list[Setting] = []
    for setting in sorted(settings, key=lambda s: (s.p99_ns, s.cpu_ns)):
        if not front or setting.cpu_ns < front[-1].cpu_ns:
            front.append(setting)
    return front


def settings(run: Run, levels: Levels) -> tuple[list[Setting], int]:
    """What the run measured, and how many of its cases were overloaded and left out."""
    records = run.of("batching", pattern="pace")
    names = [n for n in (*CONDITIONS, "wait") if len({r.case.get(n) for r in records}) > 1]
    told = {
        f: sorted(varying(rs, {*AXES, *names})) for f, rs in group(records, families.family).items()
    }
    found, overloaded, tail_of = (
        [],
        0,
        tails([r for r in records if not r.values.get("overloaded")]),
    )
    for members in group(records, lambda r: (freeze(r.case), freeze(r.metric))).values():
        if any(r.values.get("overloaded") for r in members):
            overloaded += 1
            continue
        words = [str(members[0].case.get(n)) for n in told[families.family(members[0])]]
        condition = " · ".join(str(members[0].case.get(n)) for n in names)
        setting = _setting(members, " ".join([members[0].transport, *words]), condition, levels,
                           tail_of[members[0].case["rate_per_s"]])  # fmt: skip
        if setting:
            found.append(setting)
    return found, overloaded


def by_panel(found: list[Setting]) -> dict[str, list[Setting]]:
    """Settings by rate and condition: what stands above a panel."""
    panels: dict[str, list[Setting]] = {}
    for setting in sorted(found, key=lambda s: (s.condition, s.rate_per_s)):
        name = f"{style.rate_label(setting.rate_per_s, '/s')} offered"
        panels.setdefault(" · ".join(filter(None, [name, setting.condition])), []).append(setting)
    return panels


def _setting(
    records: list[Record], label: str, condition: str, levels: Levels, tail_of: int
) -> Setting | None:
    tail = point(records, 0, lambda r: r.percentile(tail_of)[0], levels)
    middle = point(records, 0, lambda r: r.p50_ns, levels)
    if tail is None or middle is None:
        return None
    case = records[0].case
    return Setting(
        transport=records[0].transport,
        label=label,
        condition=condition,
        batch=as_number(case["batch"]),
        flush_ns=as_number(case["flush_ns"]),
        rate_per_s=as_number(case["rate_per_s"]),
        poisson=case["schedule"] == "poisson",
        p50_ns=middle.interval.value,
        p99_ns=tail.interval.value,
        p99=tail.interval,
        p99_reliability=tail.p99_reliability,
        cpu_ns=_median(records, _receiver_cpu).value,
        wait=_median(records, _mean_wait),
        fill=_median(records, lambda r: r.values.get("batch_fill", math.nan)).value,
        tail=tail_of,
    )


def _mean_wait(record: Record) -> float:
    waits = record.histogram("wait_ns")
    return waits.total / waits.count if waits and waits.count else math.nan


def _receiver_cpu(record: Record) -> float:
    """Of the receiver alone where the record tells it: the sender spins on the clock, whatever it sends."""
    return record.values.get("receiver_cpu_ns_per_message", record.cpu_ns_per_message)


def _median(records: list[Record], value: Callable[[Record], float]) -> stats.Interval:
    return stats.median_interval(by_launch(records, value) or [math.inf])


def tails(records: list[Record]) -> dict[Any, int]:
    """By rate: the highest percentile that every launch's messages are enough for."""
    found = {}
    for rate, members in group(records, lambda r: r.case["rate_per_s"]).items():
        told = [q for q in TAILS if all(r.percentile(q)[1] != "n/a" for r in members)]
        found[rate] = told[0] if told else TAILS[-1]
    return found


def predictions(
    run: Run, levels: Levels
) -> Iterator[tuple[str, float, stats.Interval, dict[str, float]]]:
    """The added wait at every setting with batches, and what the model says of it."""
    for s in settings(run, levels)[0]:
        if s.batch > 1 and s.flush_ns > 0 and s.poisson:
            at = {"W": model_wait(s), "τ": s.flush_ns, "B": s.batch, "rate": s.rate_per_s}
            yield "added wait of a batch", at["W"], s.wait, at
