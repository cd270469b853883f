"""The panels of tlb_shootdown.py: each draws its part and returns its rows and what the caption must say."""

from __future__ import annotations

import math
from statistics import median
from typing import Any

import numpy as np
from matplotlib.axes import Axes

import shootdown_model as model
import stats
import steps
import style
from records import Record, Run, by_launch, group, select

Part = tuple[list[dict[str, Any]], list[str]]
KEY = ("trigger", "peer", "victim", "mappings", "victims")
MOVED = 1.15  # between before a case and after it
DEFAULT_CEILING = 33  # pages; the kernel's own where debugfs does not say


def deliveries(ax: Axes, records: list[Record], run: Run) -> Part:
    """Trigger by peer: interrupts an operation, one page."""
    mine = [r for r in records if r.case["victim"] in ("spin", "asleep") and r.case["flush_pages"] in (0, 1)
            and "tlb_per_operation" in r.values]  # fmt: skip
    rows = []
    for key, members in sorted(group(mine, _row_key).items(), key=lambda kv: str(kv[0])):
        crowded = any(r.raw.get("oversubscribed") for r in members)
        expected = (None, None) if crowded else model.expected(members[0].case)
        row: dict[str, Any] = dict(zip(KEY, key))
        for name, want in zip(("tlb", "calls"), expected):
            seen = _over(members, lambda r, n=name: r.values.get(f"{n}_per_operation", math.nan))
            row |= {name: seen.value, f"{name}_lo": seen.lo, f"{name}_hi": seen.hi, f"{name}_expected": want}  # fmt: skip
        rows.append({**row, "launches": seen.n})
    for y, row in enumerate(rows):
        for i, name in enumerate(("tlb", "calls")):
            at, colour = y + 0.16 * (2 * i - 1), style.PALETTE[i]
            if row[f"{name}_expected"] is not None:
                ax.plot(row[f"{name}_expected"], at, "o", mfc="none", mec=style.INK, ms=8, mew=0.8)
            ax.plot(
                row[name], at, "o", color=colour, ms=4, label=_row_name(name) if y == 0 else None
            )
            ax.annotate(f"{row[name]:.3f}", (row[name], at), (8, 0), textcoords="offset points",
                        va="center", fontsize=7, color=colour)  # fmt: skip
    ax.set_yticks(range(len(rows)), [_row_label(r) for r in rows], fontsize=7)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlabel("interrupts on the victim's CPU for each operation (ring: expected)")
    if rows:
        ax.legend(loc="lower right")
        ax.get_figure().subplots_adjust(left=0.27)
    return rows, []


def _row_name(name: str) -> str:
    return {"tlb": "TLB row: shootdowns", "calls": "CAL row: all function calls"}[name]


def _row_key(record: Record) -> tuple[Any, ...]:
    return tuple(record.case[n] for n in ("trigger", "roles", "victim", "mappings", "consumers"))


def _words(key: tuple[Any, ...]) -> str:
    return f"{key[0]}, {key[1]}" + (f", {key[4]} victims" if key[4] > 1 else "")


def _row_label(row: dict[str, Any]) -> str:
    several = f", {row['mappings']} mappings" if row["mappings"] > 1 else ""
    asleep = ", asleep" if row["victim"] == "asleep" else ""
    peer = (
        f"peer a {row['peer']}" if row["victims"] == 1 else f"{row['victims']} {row['peer']} peers"
    )
    return f"{row['trigger']}, {peer}{several}{asleep}"


def cost(ax: Axes, records: list[Record], run: Run) -> Part:
    rows, said = _by_pages(
        ax, _spinning(records), "trigger_ns", "initiator, p50 [time]", run, False
    )
    fits = model.cost_fits(_spinning(records), ceiling_of(run)[0])
    for row in rows:
        row |= fits.get(row["line"], {})
    return rows, said + [f"{line}: {model.cost_words(fit)}" for line, fit in fits.items()]


def stall(ax: Axes, records: list[Record], run: Run) -> Part:
    struck = [r for r in _spinning(records) if model.expected(r.case)[0]]
    return _by_pages(ax, struck, "stall_ns", "victim, p50 [time]", run, True)


def _spinning(records: list[Record]) -> list[Record]:
    once = [
        r
        for r in select(records, victim="spin")
        if r.case["mappings"] <= 1 and not r.raw.get("oversubscribed")
    ]
    lines = group(once, _row_key)
    return [r for rs in lines.values() if len({r.case["flush_pages"] for r in rs}) > 2 for r in rs]


def stalls(records: list[Record]) -> dict[str, dict[int, stats.Interval]]:
    """The victim's p50 by pages, for each trigger and peer that interrupts."""
    struck = [r for r in _spinning(records) if model.expected(r.case)[0]]
    return {_words(key): _at(members, "flush_pages", "stall_ns")
            for key, members in sorted(group(struck, _row_key).items())}  # fmt: skip


def _at(records: list[Record], axis: str, name: str) -> dict[int, stats.Interval]:
    many = sorted(group(records, lambda r: r.case[axis]).items())
    return {x: _over(rs, lambda r: r.percentile(50, name)[0]) for x, rs in many}


def _by_pages(
    ax: Axes, records: list[Record], name: str, label: str, run: Run, ceiling: bool
) -> Part:
    rows, said = [], []
    for i, (key, members) in enumerate(sorted(group(records, _row_key).items())):
        at = _at(members, "flush_pages", name)
        xs, ys = list(at), [v.value for v in at.values()]
        words = _words(key)
        ax.plot(xs, ys, "o-", color=style.PALETTE[i], ms=3, label=words)
        band = [x for x in xs if at[x].lo is not None]
        ax.fill_between(band, [at[x].lo for x in band], [at[x].hi for x in band],
                        color=style.PALETTE[i], alpha=0.2, lw=0)  # fmt: skip
        found = steps.drop(xs, ys) if ceiling else None
        if found:
            said.append(f"stall of {words} falls from {style.time_label(found.before)} at {found.last:.0f}"
                        f" to {style.time_label(found.after)} at {found.first:.0f} pages")  # fmt: skip
        rows += [{"line": words, "pages": x, "ns": at[x].value, "lo": at[x].lo, "hi": at[x].hi,
                  "launches": at[x].n, "drop_after": found.last if found else None} for x in xs]  # fmt: skip
    if not rows:
        return [], []
    style.byte_axis(ax, [r["pages"] for r in rows], "pages struck")
    known, words = ceiling_of(run)
    ax.axvline(known + 0.5, ls="--", lw=0.9, color=style.INK)
    if ceiling:  # a fall of a few percent
        ax.yaxis.set_major_formatter(style.time_label)
    else:
        style.log_axis(ax.yaxis)
    ax.set_ylabel(label)
    ax.legend(fontsize=7)
    return rows, [*said, words] if ceiling else []


def ceiling_of(run: Run) -> tuple[int, str]:
    """The kernel's tlb_single_page_flush_ceiling, and where it is from."""
    text = (run.environment.get("facts") or {}).get("tlb_single_page_flush_ceiling")
    if text:
        return int(text), f"tlb_single_page_flush_ceiling {text} (dashed)"
    return DEFAULT_CEILING, (f"tlb_single_page_flush_ceiling not readable (mount -t debugfs none /sys/kernel/debug); "
                             f"dashed: the kernel's default, {DEFAULT_CEILING}")  # fmt: skip


def refill(ax: Axes, records: list[Record], _run: Run) -> Part:
    """Refill against the working set, by pages struck."""
    rows = []
    for i, (key, members) in enumerate(sorted(group(select(records, victim="chase"),
                                              lambda r: (r.case["trigger"], r.case["flush_pages"])).items())):  # fmt: skip
        at = _at(members, "working_pages", "refill_ns")
        words = f"{key[0]}, {key[1]} pages" if key[1] else key[0]
        ax.plot(list(at), [v.value for v in at.values()], "o-", ms=3, color=style.PALETTE[i], label=words)  # fmt: skip
        rows += [{"line": words, "working_pages": w, "ns": v.value, "lo": v.lo, "hi": v.hi, "launches": v.n}
                 for w, v in at.items()]  # fmt: skip
    if rows:
        style.byte_axis(ax, [r["working_pages"] for r in rows], "pages of the working set")
        style.log_axis(ax.yaxis)
        ax.set_ylabel("one chase after the blow, p50 [time]")
        ax.legend(fontsize=7)
    return rows, []


def distribution(ax: Axes, records: list[Record], _run: Run) -> Part:
    """Share of stalls longer than a time, all launches together."""
    mine = [r for r in select(records, victim="spin") if r.case["flush_pages"] in (0, 1) and r.histogram("stall_ns")
            and r.case["mappings"] <= 1 and not r.raw.get("oversubscribed")]  # fmt: skip
    rows = []
    quantiles = [50, 75, 90, 95, 99, 99.5, 99.9]
    for i, (key, members) in enumerate(sorted(group(mine, _row_key).items(), key=str)):
        values = [median(r.histogram("stall_ns").percentile(q) for r in members) for q in quantiles]
        words = _words(key)
        ax.plot(values, [1 - q / 100 for q in quantiles], "o-", ms=3, lw=1,
                color=style.PALETTE[i % len(style.PALETTE)], label=words)  # fmt: skip
        rows += [{"line": words, "quantile": q, "stall_ns": v, "launches": len(members)} for q, v in zip(quantiles, values)]  # fmt: skip
    if rows:
        ax.set_yscale("log")
        style.log_axis(ax.xaxis)
        ax.set_xlabel("longest gap of the victim's loop around a trigger [time]")
        ax.set_ylabel("share of triggers with a longer one")
        ax.legend(fontsize=7, ncol=2)
    return rows, []


def traffic(ax: Axes, records: list[Record], _run: Run) -> Part:
    rows = model.traffic_rows(records)
    ax.plot([0, 1], [0, 1], color=style.MUTED, lw=0.8)
    for label, colour in _colours(rows).items():
        mine = [r for r in rows if r["line"] == label]
        ax.errorbar([r["predicted"] for r in mine], [r["measured"] for r in mine], yerr=_bars(mine, "measured"),
                    fmt="o", ms=4, color=colour, lw=0.8, label=label)  # fmt: skip
    if rows:
        low = min(min(r["predicted"], r["measured"]) for r in rows)
        ax.set_xlim(max(low - 0.05, 0), 1.02)
        ax.set_ylim(max(low - 0.05, 0), 1.02)
        ax.set_xlabel("predicted: 1 - f")
        ax.set_ylabel("measured, of the throughput without")
        ax.legend(fontsize=7)
    return rows, []


def residual(ax: Axes, records: list[Record], _run: Run) -> Part:
    rows = model.traffic_rows(records)
    for label, colour in _colours(rows).items():
        mine = sorted((r for r in rows if r["line"] == label), key=lambda r: r["events_per_s"])
        ax.errorbar([r["events_per_s"] for r in mine], [100 * r["residual"] for r in mine],
                    yerr=_bars(mine, "residual", 100), fmt="o-", ms=4, lw=0.8, color=colour)  # fmt: skip
    if rows:
        ax.axhspan(-2, 2, color=style.MUTED, alpha=0.12, lw=0)
        ax.set_xscale("log")
        ax.set_xlabel("triggers a second, achieved")
        ax.set_ylabel("measured less predicted [% of the throughput]")
    worst = max((abs(r["residual"]) for r in rows), default=0)
    return [{"line": r["line"], **{k: r[k] for k in ("events_per_s", "residual", "residual_lo", "residual_hi")}} for r in rows], (
        [f"largest residual {worst:.1%}; {model.MISSING_TERM}" if worst > 0.02 else f"all residuals within 2 % (largest {worst:.1%})"]
        if rows else []
    )  # fmt: skip


def streams(ax: Axes, records: list[Record], _run: Run) -> Part:
    """What a trigger takes from a stream, by which end is the slower and how much lies between the two."""
    rows = [r for r in model.stream_rows(records) if not math.isnan(r["predicted"])]
    if not rows:
        return [], []
    colours = _colours(rows)
    for y, row in enumerate(rows):
        ax.plot(row["predicted"], y, "o", mfc="none", mec=style.INK, ms=8, mew=0.8)
        ax.errorbar([row["measured"]], [y], xerr=_bars([row], "measured"), fmt="o", ms=4, lw=0.8,
                    color=colours[row["line"]])  # fmt: skip
    ax.set_yticks(range(len(rows)), [f"{r['line']}, {r['bottleneck']}-bound, depth {r['depth']}" for r in rows], fontsize=7)  # fmt: skip
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.xaxis.set_major_formatter(style.time_label)
    ax.set_xlabel("time lost to a trigger (ring: predicted)")
    ax.get_figure().subplots_adjust(left=0.32)
    judged = [r for r in rows if r["measured_lo"] is not None]
    missed = [r for r in judged if not r["measured_lo"] <= r["predicted"] <= r["measured_hi"]]
    words = f"streams: {len(judged) - len(missed)} of {len(judged)} predictions lie in the measured interval"
    worst = max((abs(r["measured"] / r["predicted"] - 1) for r in missed), default=0)
    more = f", off by {worst:.0%} at most; {model.STREAMS_MISSING_TERM}" if missed else ""
    return rows, [words + more] if judged else []


def _colours(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {l: style.PALETTE[i % len(style.PALETTE)] for i, l in enumerate(sorted({r["line"] for r in rows}))}  # fmt: skip


def _bars(rows: list[dict[str, Any]], name: str, scale: float = 1) -> Any:
    low = [scale * (r[name] - r[f"{name}_lo"]) if r[f"{name}_lo"] is not None else 0 for r in rows]
    high = [scale * (r[f"{name}_hi"] - r[name]) if r[f"{name}_hi"] is not None else 0 for r in rows]
    return np.array([low, high])


def interrupt_cost(records: list[Record]) -> list[str]:
    """What interrupting a CPU cost beside the cases, and beside how many of them that moved."""
    seen = [r.interrupts_ns for r in records if r.interrupts_ns]
    if not seen:
        return []
    low, middle, high = (style.time_label(v) for v in np.percentile(np.ravel(seen), (5, 50, 95)))
    moved = sum(max(pair) > MOVED * min(pair) for pair in seen)
    return [f"an interrupt costs {middle} ({low} to {high}), and moved by more than 15 % beside {moved} of {len(seen)} cases"]  # fmt: skip


def refused(run: Run) -> list[str]:
    """Triggers without a single usable record, with the first reason."""
    all_of = [r for r in run.records if r.experiment == "tlb_shootdown"]
    had = {r.case["trigger"] for r in all_of if r.ok}
    lost = {r.case["trigger"]: r.reason for r in reversed(all_of) if r.case["trigger"] not in had}
    return [f"{name} ({why})" for name, why in sorted(lost.items())]


def _over(records: list[Record], value: Any) -> stats.Interval:
    return stats.median_interval(by_launch(records, value) or [math.inf])
