"""Load curves of the synthetic run: each channel is M/M/1, whose response is exponential with rate mu - lambda, so
that its median has doubled where half of mu is offered.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from histogram import Histogram

RATES = (100, 1000, 10_000, 50_000, 100_000, 150_000, 200_000, 250_000, 300_000, 1_000_000)
MESSAGES = 3000
DRIVER_NS = 38.0


def cases(base: dict[str, Any]) -> list[dict[str, Any]]:
    paced = {**base, "pattern": "pace", "schedule": "fixed", "reply_bytes": 0, "flush_ns": "inf"}
    return [{**paced, "rate_per_s": rate} for rate in RATES]


def knee_per_s(service_ns: float) -> float:
    """Where the median is twice that at the lowest rate."""
    mu = 1e9 / service_ns
    return mu - (mu - RATES[0]) / 2


def measure(record: dict[str, Any], service_ns: float, rng: np.random.Generator) -> None:
    offered, mu = record["case"]["rate_per_s"], 1e9 / service_ns
    overloaded = offered > 0.99 * mu
    mean_ns = 1e9 / (mu - offered) if not overloaded else 50e6
    response = rng.exponential(mean_ns, MESSAGES)
    under_way = offered * mean_ns * 1e-9
    error = rng.normal(0, 0.01)
    record["histograms"] = {
        "response_ns": Histogram.of(response).encode(),
        "send_lag_ns": Histogram.of(rng.exponential(60, MESSAGES)).encode(),
    }
    record["values"] = {
        "offered_per_s": offered, "achieved_per_s": min(offered, 0.95 * mu),
        "batch_fill": 1, "flushes": MESSAGES, "clock_offset_bound_ns": 60.0,
        "overloaded": int(overloaded), "driver_ns_per_message": DRIVER_NS,
        "send_ns_per_message": 900.0, "cpu_ns_per_message": 1e9 / offered + 2400,
        "receiver_cpu_ns_per_message": 2400.0, "under_way": under_way * (1 + error),
        "under_way_expected": under_way, "little_residual": error, "little_error": 0.01,
    }  # fmt: skip
    record["messages"], record["cpu_each"] = MESSAGES, 1200 + 5e8 / offered
