"""Draw series as lines: intervals as bands, several modes and other canary levels launch by launch."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

import families
import figure
import stats
import style
from panels import Panel
from series import Levels, Point, Series, Value, point

End = tuple[float, float, str, str]  # x, y, words, colour
BEST: Any = (0, (6, 1.5))
STYLES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (5, 1.2, 1, 1.2)))


def linestyles(panel: Panel) -> dict[str, Any]:
    """One line style per variant, the same for all transports of a panel."""
    variants = sorted({s.variant for s in [*panel.series, *panel.grey]})
    return {v: STYLES[i % len(STYLES)] for i, v in enumerate(variants)}


def draw_panel(ax: Axes, panel: Panel, looks: dict[str, families.Look]) -> list[End]:
    """Draw all series of a panel; the ends to label, for style.label_ends once the axes are final."""
    dashes, ends = linestyles(panel), []
    for line in panel.grey:
        xs, ys = _at(line.points)
        ax.plot(xs, ys, color=style.GREY, lw=0.9, zorder=1.5)
    guest = families.Look(style.INK, "")
    for line in panel.named:
        away = any(line is s for s in panel.beside)
        look = guest if away else looks[line.transport]
        draw_line(ax, line, look, STYLES[3] if away else dashes[line.variant])
        last = line.points[-1]
        ends.append((last.x, last.interval.value, _words(panel, line), look.colour))
    if panel.best:
        ax.plot(*_columns(panel.best), color=style.INK, lw=0.8, ls=BEST, zorder=2)
    ax.set_title(" · ".join(filter(None, [panel.title, _common(panel)])))
    return ends


def _common(panel: Panel) -> str:
    """The variant that all of a panel's lines are, which its title says instead of each of them."""
    variants = {s.variant for s in panel.named}
    return variants.pop() if len(variants) == 1 else ""


def _words(panel: Panel, line: Series) -> str:
    """A line's direct label."""
    plain = "plain" if any(line is s for s in panel.beside) else ""
    variant = "" if _common(panel) else line.variant
    return " ".join(filter(None, [plain, line.transport, variant, line.level]))


def draw_line(ax: Axes, line: Series, look: families.Look, dashes: Any) -> None:
    """Median line, interval band; hollow dots for launches where one median would hide modes."""
    xs = [p.x for p in line.points]
    ax.plot(xs, [p.interval.value for p in line.points], color=look.colour, ls=dashes, zorder=3)
    firm = [p for p in line.points if not p.several_modes]
    small = len(firm) > 14
    size = 2.4 if small else 3.8
    edge = 0.2 if small else 0.4
    ax.plot(
        *_at(firm), look.marker or ".", color=look.colour, ms=size, mec="white", mew=edge, zorder=4
    )
    band = [p for p in line.points if p.interval.lo is not None]
    lows, highs = [p.interval.lo for p in band], [p.interval.hi for p in band]
    ax.fill_between([p.x for p in band], lows, highs, color=look.colour, alpha=0.2, lw=0)
    spread = [(p.x, v) for p in line.points if p.several_modes for v in p.launches]
    ax.plot(*_columns(spread), "o", ms=3, mfc="none", mec=look.colour, mew=0.6, alpha=0.8)
    ax.plot(*_columns(line.strays), "x", ms=2.5, color=look.colour, mew=0.5, alpha=0.45)


def _at(points: list[Point]) -> tuple[list[float], list[float]]:
    return [p.x for p in points], [p.interval.value for p in points]


def _columns(pairs: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in pairs], [y for _, y in pairs]


def labels(panels: Iterable[Panel]) -> list[str]:
    """All direct labels: what the margins must have room for."""
    return [_words(p, s) for p in panels for s in p.named]


def key(fig: Figure, panels: list[Panel]) -> None:
    """What bands, crosses, circles, grey and `@` mean, top right, each only where the figure has it."""
    shown = [s for panel in panels for s in panel.named]
    points = [p for s in shown for p in s.points]
    mark = {"color": style.MUTED, "ls": ""}
    keys: list[Any] = [Line2D([], [], color=style.MUTED, label="median over launches")]
    if any(p.interval.lo is not None for p in points):
        keys.append(Patch(fc=style.MUTED, alpha=0.25, label="95 % interval"))
    if any(s.strays for s in shown):
        words = "a launch at another level of the canary"
        keys.append(Line2D([], [], marker="x", ms=4, label=words, **mark))
    if any(p.several_modes for p in points):
        keys.append(
            Line2D([], [], marker="o", ms=4, mfc="none", label="a launch, of several modes", **mark)
        )
    if any(s.level for s in shown):
        keys.append(Line2D([], [], ls="", label="@ t: line at the level where the canary takes t"))
    if any(panel.best for panel in panels):
        keys.append(Line2D([], [], color=style.INK, lw=0.8, ls=BEST, label="best of all families"))
    if any(panel.grey for panel in panels):
        keys.append(Line2D([], [], color=style.GREY, label="others of the family"))
    figure.key(fig, keys)


def left_out(panels: Iterable[Panel]) -> list[str]:
    """What the caption must say of lines that are grey or in the CSV only."""
    found = []
    for panel in panels:
        for how, lines in (("grey", panel.grey), ("in the CSV only", panel.hidden)):
            if lines:
                found.append(f"{panel.title}, {how}: {', '.join(sorted(s.label for s in lines))}")
    return found


def doubts(panels: Iterable[Panel]) -> list[str]:
    """What the caption must admit about the points: no interval, unstable, several modes."""
    points = [(s, p) for panel in panels for s in panel.series for p in s.points]
    few = sum(p.interval.n < stats.kMinLaunches for _, p in points)
    found = [f"intervals of {few} points (n < {stats.kMinLaunches})"] if few else []
    modal = sorted({s.label for s, p in points if p.several_modes})
    found += [f"one median of {_some(modal)} (several modes: launches drawn)"] if modal else []
    shaky = sorted({s.label for s, p in points if p.unstable})
    found += [f"steadiness of {_some(shaky)} (unstable)"] if shaky else []
    return found


def _some(names: list[str]) -> str:
    """Names, or how many where a list would be longer than the figure."""
    return ", ".join(names) if len(names) <= 12 else f"{len(names)} lines"


def rows(panel: Panel, name: str, quantity: str = "p50_ns") -> list[dict[str, Any]]:
    """The numbers of a panel as the CSV holds them: one row a point."""
    return [
        {
            "panel": panel.title,
            "transport": line.transport,
            "variant": line.variant,
            name: int(p.x) if math.isfinite(p.x) else "inf",
            quantity: p.interval.value,
            "lo": p.interval.lo,
            "hi": p.interval.hi,
            "launches": p.interval.n,
            "p99_ns": p.p99,
            "p99_reliability": p.p99_reliability,
            "cpu_ns_per_message": p.cpu_ns,
            "modes": len(p.modes),
            "other_level_launches": len(p.others),
            "unstable": int(p.unstable),
        }
        for line in panel.lines
        for p in line.points
    ]


def beside(panel: Panel, levels: Levels, value: Value) -> list[float]:
    """Another value of the same launches, in the order of rows(): medians, nan where there is none."""
    found = []
    for line in panel.lines:
        level = levels.main(line.records)
        for p in line.points:
            here = [r for r in line.records if r.message_bytes == p.x]
            at = point(here, p.x, value, levels, level)
            found.append(at.interval.value if at else math.nan)
    return found
