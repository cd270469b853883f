"""The rules of advice: which mechanisms fit a question, in what order, on what evidence, with what doubts.

advise_rules.js has the same rules for the report's selector, in the same order, function by function; tests/test_advise.py
asks both the same questions. Between measured sizes values are interpolated on logarithms; beyond them nothing is said.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from advise_point import at_sizes, carried
from advise_words import about, interval, launches, rate, say, size, three, time

Question = dict[str, Any]
# What a line is left out for, in the order that `none of them` tells it.
KINDS = ("lacks", "unstated", "unmeasured", "no_tail", "late", "slow", "no_cpu", "dear", "level")
TIES_NAMED = 3


def answer(facts: dict[str, Any], question: Question) -> dict[str, Any]:
    """Ranked mechanisms, what was left out and why, T of the hybrids, and the doubts."""
    where = question["where"] or (facts["wheres"] or [""])[0]
    lines = [line for line in facts["lines"] if line["where"] == where]
    level = _usual_level(lines)
    judged = [_judge(line, facts, question, level) for line in lines]
    fits = sorted((j for j in judged if not j["why"]), key=lambda j: (j["key"], j["mechanism"]))
    out = [j for j in judged if j["why"]]
    for number, one in enumerate(fits):
        one["rank"], one["tied"] = number + 1, number > 0 and _overlap(fits[0], one)
    absent = [a for a in facts["absent"] if a["where"] == where]
    return {
        "where": where,
        "verdict": _verdict(fits, out, question),
        "ranked": [_shown(one, ("rank", "tied", "evidence", "doubts")) for one in fits],
        "left_out": [_shown(one, ("why",)) for one in out]
        + [{"mechanism": a["name"], "why": [a["why"]]} for a in absent],
        "hybrids": _hybrids(facts, where, question),
        "doubts": _doubts(facts, where, question),
    }


def _usual_level(lines: list[dict[str, Any]]) -> str:
    seen = Counter(line["level"] for line in lines)
    return min(seen, key=lambda l: (-seen[l], l), default="")


def _judge(line: dict[str, Any], facts: dict[str, Any], question: Question, level: str) -> dict:
    """One line against the question: what it shows, what speaks against it, why it is left out."""
    one = {"mechanism": line["name"], "why": [], "kinds": {}, "doubts": [], "evidence": {}}
    if line["level"] != level:
        _refuse(one, "level", say("level", level=line["level"] or "usual"))
        return one
    for need in question["needs"]:
        has = facts["abilities"].get(line["transport"], {}).get(need)
        if has is None:
            _refuse(one, "unstated", say("unstated", need=need))
        elif not has:
            _refuse(one, "lacks", say("lacks", need=need))
    at = at_sizes(line, question["sizes"], question["percentile"])
    if "missing" in at:
        _refuse(one, "unmeasured", _unmeasured(line, at["missing"]))
        return one
    _latency(one, at, question)
    _rate(one, at, line, question)
    _cpu(one, at, line, question)
    one["values"] = {n: at[n] for n in ("median", "lo", "hi", "n", "tail", "tail_lo", "tail_hi", "cpu")}  # fmt: skip
    _order(one, at, question)
    return one


def _refuse(one: dict[str, Any], kind: str, words: str, value: float = 0) -> None:
    """`value` says how far it is, where one can be nearer than another."""
    one["why"].append(words)
    one["kinds"][kind] = value


def _unmeasured(line: dict[str, Any], missing: int) -> str:
    sizes = line["sizes"]
    key = "unmeasured" if len(sizes) > 1 else "unmeasured_one"
    why = say(key, size=size(missing), low=size(sizes[0]), high=size(sizes[-1]))
    beyond = line["beyond"] if missing > sizes[-1] else ""
    return say("because", why=why, reason=beyond) if beyond else why


def _latency(one: dict[str, Any], at: dict[str, Any], question: Question) -> None:
    """The round trip: its median, the percentile asked for, and the target."""
    q, target = question["percentile"], question["latency_ns"]
    one["took"] = say("took", time=time(at["median"]), interval=interval(at["lo"], at["hi"], time), launches=launches(at["n"]))  # fmt: skip
    one["evidence"]["took"] = one["took"]
    _measured_how(one, at)
    if q == "50":
        at |= {"tail": at["median"], "tail_lo": at["lo"], "tail_hi": at["hi"]}
    elif at["tail"] is not None:
        bounds = interval(at["tail_lo"], at["tail_hi"], time)
        one["evidence"]["tail"] = say("tail", q=q, time=time(at["tail"]), interval=bounds)
        one["took"] += ", " + one["evidence"]["tail"]
        one["doubts"] += [say("rare", q=q)] if at["rare"] else []
        one["doubts"] += [say("bound", q=q)] if len(question["sizes"]) > 1 else []
    if target is None:
        one["doubts"] += [say("no_tail", q=q)] if at["tail"] is None else []
    elif at["tail"] is None:
        _refuse(one, "no_tail", say("no_tail", q=q))
    elif at["tail"] > target:
        words = say("late", q=q, time=time(at["tail"]), target=time(target))
        _refuse(one, "late", words, at["tail"])
    elif at["tail_hi"] is not None and at["tail_hi"] > target:
        one["doubts"].append(say("may_be_over", q=q, time=time(at["tail_hi"])))


def _measured_how(one: dict[str, Any], at: dict[str, Any]) -> None:
    one["doubts"] += [say("few", launches=launches(at["n"]))] if at["n"] < 6 else []
    one["doubts"] += [say("unsteady")] if at["unsteady"] else []
    one["doubts"] += [say("others", launches=launches(at["others"]))] if at["others"] else []
    for wanted, low, high in at["between"]:
        one["doubts"].append(say("between", size=size(wanted), low=size(low), high=size(high)))


def _rate(one: dict[str, Any], at: dict[str, Any], line: dict[str, Any], question: Question) -> None:  # fmt: skip
    """What was carried: in an open loop, else in a stream, else one message after the other; said which."""
    for wanted, share in at["lost"]:
        one["doubts"].append(say("lost", share=three(100 * share), size=size(wanted)))
    if question["rate"] is None:
        return
    asked, found = rate(question["rate"]), carried(line, at, question)
    shown = rate(found["per_s"])
    if found["how"] == "overloaded":
        _refuse(one, "slow", say("overloaded", rate=shown))
    elif found["how"] == "open":
        key = "rate_measured" if found["per_s"] == question["rate"] else "rate_next"
        one["evidence"]["rate"] = say(key, rate=shown, asked=asked)
        _response(one, found, question)
    elif found["per_s"] < question["rate"]:
        _refuse(one, "slow", say("slow_" + found["how"], rate=shown, asked=asked))
    else:
        share = three(100 * question["rate"] / found["per_s"])
        one["doubts"].append(say("rate_" + found["how"], rate=shown, asked=asked, share=share))
        if found["up_to"]:
            one["doubts"].append(say("rate_up_to", rate=rate(found["up_to"])))


def _response(one: dict[str, Any], found: dict[str, Any], question: Question) -> None:
    """One way is less than a round trip: over the target it decides, below it does not."""
    q, target = question["percentile"], question["latency_ns"]
    at = found["response"].get(q)
    if at is None:
        return
    one["evidence"]["response"] = say("response", q=q, time=time(at))
    if target is not None and at > target:
        words = say("late_response", q=q, rate=rate(found["per_s"]), time=time(at), target=time(target))  # fmt: skip
        _refuse(one, "late", words, at)


def _cpu(one: dict[str, Any], at: dict[str, Any], line: dict[str, Any], question: Question) -> None:  # fmt: skip
    """CPU time of both ends a message; who spins takes a whole CPU, whatever the rate."""
    if at["cpu"] is None:
        if question["cpu_ns"] is not None:
            _refuse(one, "no_cpu", say("no_cpu"))
        return
    if question["rate"] is not None and line["wait"] in ("spin", "yield"):
        whole = 1e9 / question["rate"]
        if whole > at["cpu"]:
            at["cpu"] = whole
            one["doubts"].append(say("spins", time=time(whole), rate=rate(question["rate"])))
    one["evidence"]["cpu"] = say("cpu", time=time(at["cpu"]))
    if question["cpu_ns"] is not None and at["cpu"] > question["cpu_ns"]:
        target = time(question["cpu_ns"])
        _refuse(one, "dear", say("dear", time=time(at["cpu"]), target=target), at["cpu"])


def _order(one: dict[str, Any], at: dict[str, Any], question: Question) -> None:
    """By the percentile that has a target, else by the median; by CPU time where that was asked."""
    value, lo, hi = at["median"], at["lo"], at["hi"]
    if question["latency_ns"] is not None:
        value, lo, hi = at["tail"], at["tail_lo"], at["tail_hi"]
    if question["by"] == "cpu":
        value, lo, hi = at["cpu"], None, None
    one |= {"key": value if value is not None else 1e300, "key_lo": lo, "key_hi": hi}


def _overlap(best: dict[str, Any], one: dict[str, Any]) -> bool:
    """Whether the intervals meet; without both intervals, whether the values are equal."""
    if best["key_hi"] is None or one["key_lo"] is None:
        return best["key"] == one["key"]
    return one["key_lo"] <= best["key_hi"]


def _shown(one: dict[str, Any], parts: tuple[str, ...]) -> dict[str, Any]:
    return {"mechanism": one["mechanism"], **one.get("values", {}), **{n: one[n] for n in parts}}


def _verdict(fits: list[dict], out: list[dict], question: Question) -> str:
    if not fits:
        return _none(out, question)
    ties = [one["mechanism"] for one in fits[1:] if one["tied"]]
    first, both = fits[0], len(fits) + len(out)
    words = say("best", name=first["mechanism"], took=first["took"], n=len(fits), all=both)
    if ties:
        more = len(ties) - TIES_NAMED
        named = ", ".join(ties[:TIES_NAMED])
        words += say("ties", names=named + (say("more", n=more) if more > 0 else ""))
    return words


def _none(out: list[dict], question: Question) -> str:
    """Every reason with how many it left out; of what can be near, the nearest."""
    reasons = []
    for kind in KINDS:
        mine = [one for one in out if kind in one["kinds"]]
        if not mine:
            continue
        near = min(mine, key=lambda o: (o["kinds"][kind], o["mechanism"]))
        target = question["cpu_ns" if kind == "dear" else "latency_ns"]
        reasons.append(say(
            "of_" + kind, n=len(mine), q=question["percentile"], name=near["mechanism"],
            asked=rate(question["rate"] or 0), target=time(target or 0), time=time(near["kinds"][kind]),
        ))  # fmt: skip
    return say("none", reasons="; ".join(reasons) or say("none_here"))


def _hybrids(facts: dict[str, Any], where: str, question: Question) -> list[str]:
    """T under this condition, and which way the sizes asked for go."""
    condition = " · ".join(where.split(" · ")[1:])
    found = []
    for one in facts["hybrids"]:
        if one["condition"] == condition:
            words = _threshold(one, question)
            doubts = "; ".join(one["doubts"])
            found.append(say("T_doubt", text=words, doubts=doubts) if doubts else words)
    return found


def _threshold(one: dict[str, Any], question: Question) -> str:
    said = {"name": one["transport"], "wait": one["wait"]}
    if one["status"] == "several":
        return say("T_several", **said, T=", ".join(about(c["T_bytes"]) for c in one["crossings"]))
    if one["status"] != "ok" or one["T_bytes"] is None:
        return say({"shm": "T_zero", "queue": "T_never"}.get(one["winner"] or "", "T_open"), **said)
    said |= {"T": about(one["T_bytes"]), "interval": interval(one["lo"], one["hi"], about)}
    if one["crossings"] and not one["crossings"][0]["rising"]:
        return say("T_down", **said)
    return say("T", **said, goes=_goes(one["T_bytes"], question["sizes"]))


def _goes(T: float, sizes: list[list[float]]) -> str:
    if len(sizes) == 1:
        wanted = sizes[0][0]
        return say("goes_shm" if wanted > T else "goes_queue", size=size(wanted))
    share = sum(part for wanted, part in sizes if wanted > T)
    return say("goes_share", share=three(100 * share))


def _doubts(facts: dict[str, Any], where: str, question: Question) -> list[str]:
    found = [say("no_open_loop")] if question["rate"] is not None and not facts["open_loop"] else []
    found += [say("no_abilities")] if question["needs"] and not facts["abilities"] else []
    found += [say("of_the_run", names=", ".join(facts["doubts"]))] if facts["doubts"] else []
    others = [w for w in facts["wheres"] if w != where]
    return found + ([say("elsewhere", names="; ".join(others))] if others else [])
