"""What stands against a run's numbers: each doubt with its number and the command that removes it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import known_delay
import line_hops
import load_rows
import rates
import shot_down
import stats
import style
from records import Run, cases
from series import Levels

REMEDY_REPEAT = "ipcmark run --like {run}"


def doubts(run: Run, unstable: int) -> list[dict[str, str]]:
    """The instrument's own faults and a transport's first, then the environment's, which every run of it has, then what the records show."""
    own = known_delay.doubts(run) + shot_down.doubts(run) + line_hops.doubts(run)
    found = [_doubt(*about) for about in own]
    found += [d for d in run.environment.get("doubts") or [] if isinstance(d, dict)]
    again = REMEDY_REPEAT.format(run=run.path)
    parts = (
        _stopped(run, again),
        _lost(run, again),
        _few(run),
        _levels(run),
        _contaminated(run, again),
    )
    for part in (
        *parts,
        _failed(run, again),
        _unstable(unstable),
        _overloaded(run),
        _early(run),
        _spurts(run, again),
    ):
        found += [part] if part else []
    found += [_doubt(*about) for about in load_rows.doubts(run)]
    found += [
        _doubt("records", text, "look at the file: it was cut or is not ours")
        for text in run.warnings
    ]
    allowed = run.manifest.get("allowed") or []
    if allowed:
        found.append(_doubt("allowed", f"checks overridden: {', '.join(map(str, allowed))}",
                            "run without --allow"))  # fmt: skip
    return [{k: str(d.get(k, "")) for k in ("check", "message", "remedy")} for d in found]


def _doubt(check: str, message: str, remedy: str) -> dict[str, str]:
    return {"check": check, "message": message, "remedy": remedy}


def _stopped(run: Run, again: str) -> dict[str, str] | None:
    done, planned = run.manifest.get("launches_done"), run.manifest.get("launches_planned")
    why = run.manifest.get("stopped")
    if done is None or planned is None or done >= planned:
        return None
    return _doubt("incomplete", f"{done} of {planned} launches were made (stopped: {why})", again)


def _lost(run: Run, again: str) -> dict[str, str] | None:
    """The manifest counted what was written; files that hold another number were cut, or are of another run."""
    status = Counter(r.status for r in run.records)
    planned = {name: run.manifest.get(f"cases_{name}") for name in ("ok", "skipped", "failed")}
    other = [
        f"{count} {name} in the manifest, {status[name]} in the files"
        for name, count in planned.items()
        if isinstance(count, int) and count != status[name]
    ]
    if not other:
        return None
    message = f"records and manifest disagree: {'; '.join(other)}"
    return _doubt("counts", message, f"bring back the files as they were written, or {again}")


def _few(run: Run) -> dict[str, str] | None:
    groups = cases(r for r in run.records if r.ok)
    few = sum(len({r.launch_id for r in rs}) < stats.kMinLaunches for rs in groups.values())
    if not few:
        return None
    message = (
        f"{few} of {len(groups)} cases have fewer than {stats.kMinLaunches} launches: no interval"
    )
    return _doubt("few_launches", message, "ipcmark run all --plan nightly")


def _levels(run: Run) -> dict[str, str] | None:
    found = {p: ls for p, ls in Levels.of(run).of_place.items() if len(ls) > 1}
    if not found:
        return None
    words = "; ".join(
        f"{place} at {' / '.join(map(style.time_label, ls))}" for place, ls in found.items()
    )
    message = f"the canary has several levels ({words}): cases are compared within one only"
    return _doubt("canary_levels", message, "run on bare metal, or pin the machine's virtual CPUs")


def _contaminated(run: Run, again: str) -> dict[str, str] | None:
    bad = run.manifest.get("contaminated") or []
    kept = sum(not entry.get("again") for entry in bad)
    if not bad:
        return None
    message = (
        f"{len(bad)} launches were contaminated (the canary was off, or moved): "
        f"{len(bad) - kept} were run again, {kept} are left in"
    )
    return _doubt("contaminated", message, again)


def _failed(run: Run, again: str) -> dict[str, str] | None:
    failed = [r for r in run.records if r.status == "failed"]
    if not failed:
        return None
    message = f"{len(failed)} cases of launches failed, the first: {failed[0].transport}: {failed[0].reason}"
    return _doubt("failed", message, again)


def _unstable(count: int) -> dict[str, str] | None:
    if not count:
        return None
    message = f"{count} cases are unstable: more than a fifth of their launches were not flat"
    return _doubt("unstable", message, "ipcmark doctor; then a longer warm_up_ns in the plan")


def _overloaded(run: Run) -> dict[str, str] | None:
    groups = cases(run.of("batching"))
    over = sum(any(r.values.get("overloaded") for r in rs) for rs in groups.values())
    if not over:
        return None
    message = f"{over} of {len(groups)} open-loop cases were overloaded and left out"
    return _doubt(
        "overloaded", message, "ipcmark run batching --rate-per-s 1k, or another lower rate"
    )


def _early(run: Run) -> dict[str, str] | None:
    early = sum(_number(r.values.get("early")) for r in run.of("timeout"))
    if not early:
        return None
    return _doubt(
        "early", f"{early} timeouts returned before their deadline", "report it: a defect"
    )


def _spurts(run: Run, again: str) -> dict[str, str] | None:
    """Streams whose central rate is not what they brought through over all of the time."""
    found = rates.apart(run)
    if not found:
        return None
    named = "; ".join(
        f"{name}: {style.rate_label(central)} by the median window, {style.rate_label(counted)} over all of the time"
        for name, central, counted in found[: rates.NAMED]
    )
    more = f"; and {len(found) - rates.NAMED} more" if len(found) > rates.NAMED else ""
    message = f"{len(found)} streams ran in spurts, their two rates a quarter or more apart ({named}{more})"
    return _doubt("spurts", message, f"on an idle machine: {again}")


def _number(value: Any) -> int:
    return int(value) if isinstance(value, (int, float)) else 0
