"""What it costs to have a timeout that does not fire: the same round trip with a finite timeout and without one.

Both were measured in one launch, which is the pair and the unit; a launch during which the canary changed its level
is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from matplotlib.axes import Axes

import stats
import style
from families import Look
from records import Record, freeze, group
from series import Levels

NEVER = "inf"
MAX_ROWS = 16  # the dearest; all are in the CSV


@dataclass(frozen=True)
class Price:
    """Of one transport and condition, over launches: ns on top of a round trip, and of how long a one."""

    transport: str
    wait: str
    timeout_ns: int
    extra_ns: stats.Interval
    plain_ns: float  # the median round trip without a timeout: says how much the extra is


def words(found: list[Price]) -> list[str]:
    """What stands right of each row: the transport, its wait where they differ, and the price.

    One estimator, the median of differences: a median of ratios beside it may have the other sign.
    """
    waits = len({p.wait for p in found}) > 1
    return [
        f"{p.transport}{' ' + p.wait if waits else ''} {style.time_label(p.extra_ns.value)}"
        f" on {style.time_label(p.plain_ns)}"
        for p in found
    ]


def prices(asks: list[Record], levels: Levels) -> list[Price]:
    """Cheapest first; only where launches measured both."""
    found = []
    alike = group(asks, lambda r: (freeze(r.case, ("timeout_ns",)), freeze(r.metric)))
    for members in alike.values():
        for timeout in sorted({t for r in members if (t := r.case["timeout_ns"]) != NEVER}):
            pairs = _pairs(members, timeout, levels)
            if pairs:
                extra = stats.median_interval([armed - plain for armed, plain in pairs])
                without = median(plain for _, plain in pairs)
                case = members[0].case
                found.append(Price(case["transport"], case["wait"], timeout, extra, without))
    return sorted(found, key=lambda p: p.extra_ns.value)


def _pairs(members: list[Record], timeout: int, levels: Levels) -> list[tuple[float, float]]:
    """One a launch: ns of a round trip with this timeout and without one, at one level of the canary."""
    found = []
    for launch in group(members, lambda r: r.launch_id).values():
        seen = {levels.level(r) for r in launch}
        sides = [
            [r.p50_ns for r in launch if r.case["timeout_ns"] == t and r.p50_ns > 0]
            for t in (timeout, NEVER)
        ]
        if all(sides) and len(seen) == 1 and None not in seen:
            found.append((float(median(sides[0])), float(median(sides[1]))))
    return found


def draw(ax: Axes, found: list[Price], looks: dict[str, Look]) -> None:
    """One row a transport: the extra time with its interval, and the price as words in the right margin."""
    whole, found = len(found), found[-MAX_ROWS:]
    for row, (price, label) in enumerate(zip(found, words(found))):
        at, colour = price.extra_ns, looks[price.transport].colour
        if at.lo is not None and at.hi is not None:
            ax.plot([at.lo, at.hi], [row, row], color=colour, lw=2.5, alpha=0.35)
        ax.plot(at.value, row, "o", color=colour, ms=5)
        ax.annotate(label, (1.01, row), xycoords=("axes fraction", "data"), va="center",
                    fontsize=7.5, color=colour)  # fmt: skip
    ax.axvline(0, color=style.INK, lw=0.8)
    ax.set_yticks([])
    ax.set_ylim(len(found) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    ax.xaxis.set_major_locator(style.few_ticks())
    ax.xaxis.set_major_formatter(style.time_label)
    timeouts = ", ".join(style.time_label(t) for t in sorted({p.timeout_ns for p in found}))
    title = "price of a timeout that does not fire"
    ax.set(title=title if whole == len(found) else f"{title}: the dearest {MAX_ROWS} of {whole}",
           xlabel=f"added to a round trip by τ = {timeouts} [time]")  # fmt: skip


def rows(found: list[Price]) -> list[dict]:
    return [
        {"panel": "price", "transport": p.transport, "variant": p.wait, "timeout_ns": p.timeout_ns,
         "extra_ns": p.extra_ns.value, "lo": p.extra_ns.lo, "hi": p.extra_ns.hi,
         "launches": p.extra_ns.n, "plain_ns": p.plain_ns}
        for p in found
    ]  # fmt: skip
