"""A case's percentiles: the histograms of its launches merged without loss, read as far as its samples reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from records import Histogram, Record, merge
from series import Levels, Series

QUANTILES = 100 - 100 * np.logspace(-0.00437, -6, 121)  # from the first percentile


@dataclass(frozen=True)
class Spectrum:
    """A merged histogram read at all percentiles it can support."""

    q: np.ndarray
    ns: np.ndarray
    firm: int  # how many of them have 100 samples beyond
    launches: int


def spectrum(records: list[Record], levels: Levels) -> Spectrum | None:
    """Of the launches at the canary's main level; None without a histogram."""
    main = levels.main(records)
    mine = [r for r in records if levels.level(r) == main]
    whole: Histogram | None = merge(h for r in mine if (h := r.histogram()))
    if whole is None:
        return None
    grades = [whole.reliability(q) for q in QUANTILES]
    shown = len(grades) - grades.count("n/a")
    q = QUANTILES[:shown]
    return Spectrum(q, whole.percentile(q), grades.count("ok"), len({r.launch_id for r in mine}))


def spectra(lines: list[Series], levels: Levels) -> list[tuple[Series, Spectrum]]:
    """The lines that have one percentile at least, each with its spectrum."""
    found = [(line, spectrum(line.records, levels)) for line in lines]
    return [(line, seen) for line, seen in found if seen is not None and len(seen.q)]
