"""The parts of summary.json about waiting: batches, polling, spin budgets, lost peers, and the models of them."""

from __future__ import annotations

from typing import Any

import batch_model
import batch_shares
import models
import stats
from polling_model import polled
from records import Run
from retry_model import detected, lates
from series import Levels
from spin_model import spun


def sections(run: Run) -> dict[str, list[dict[str, Any]]]:
    """Every part is empty rather than missing."""
    levels = Levels.of(run)
    return {
        "models": models.rows(models.fits(run)),
        "batch_cost": [
            {"transport": line.transport, "variant": line.variant, "m_ns": m, "s_ns": s,
             "points": [{"batch": p.x, **_interval(p.interval)} for p in line.points]}
            for line in batch_shares.cost_lines(run, levels)
            for m, s in [batch_shares.shares(line)]
        ],
        "batch_wait": [
            {"transport": s.transport, "batch": s.batch, "flush_ns": _finite(s.flush_ns),
             "rate_per_s": s.rate_per_s, "model_ns": batch_model.model_wait(s), **_interval(s.wait)}
            for s in batch_model.settings(run, levels)[0]
            if s.batch > 1 and s.flush_ns > 0
        ],
        "polling": [
            {"transport": p.transport, "wait": p.wait, "rate_per_s": p.rate_per_s,
             "timer_slack_ns": p.slack_ns, "interval_ns": p.interval_ns,
             "model_ns": p.interval_ns / 2, "cpu_ns_per_message": p.cpu_ns.value,
             "waiting_cpu_ns_per_message": p.waiting_cpu_ns, **_interval(p.added_ns)}
            for p in polled(run, levels)
        ],
        "spin": [
            {"transport": s.transport, "best": _interval(s.best), "wake_up": _interval(s.wake_up),
             "budget_at_wake_up_ns": s.at_wake_up, "regret": _interval(s.regret[s.at_wake_up])}
            for s in spun(run)
        ],
        "detection": [
            {"transport": d.transport, "wait": d.wait, "peer": d.peer, "timeout_ns": d.timeout_ns,
             "by_error": d.by_error, "false_alarms": d.false_alarms, **_interval(d.ns)}
            for d in detected(run)
        ],
        "false_timeouts": [
            {"transport": e.transport, "wait": e.wait, "think_ns": e.think_ns,
             "timeout_ns": e.timeout_ns, "predicted": e.predicted.value,
             "exponential": e.exponential, "retries_per_request": e.retries, **_interval(e.share)}
            for e in lates(run)
        ],
    }  # fmt: skip


def _interval(of: stats.Interval) -> dict[str, Any]:
    return {"median": of.value, "lo": of.lo, "hi": of.hi, "n": of.n}


def _finite(value: float) -> float | str:
    return "inf" if value == float("inf") else value
