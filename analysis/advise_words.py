"""What advice says, once: advise.py and the report's selector fill the same templates (advise_words.js)."""

from __future__ import annotations

import style

WORDS = {
    # a mechanism's evidence
    "took": "{time} a round trip{interval}, {launches}",
    "tail": "p{q} {time}{interval}",
    "cpu": "{time} CPU of both ends",
    "interval": " [{lo}, {hi}]",
    # at the rate asked
    "rate_measured": "{rate} offered in an open loop was carried",
    "rate_next": "{rate} offered in an open loop was carried, the next measured above {asked}",
    "response": "p{q} response {time} there, one way, from the intended send",
    "rate_stream": "the rate was not measured in an open loop; a closed-loop stream of {rate} was used instead, which is {share} % busy at {asked} and tells nothing of queueing",
    "rate_alone": "the rate was not measured in an open loop, nor a stream; one message at a time makes {rate}, which was used instead",
    "rate_up_to": "the open loop was measured up to {rate} only",
    # what speaks against it
    "few": "{launches}: no interval below 6",
    "unsteady": "unstable: more than a fifth of its launches were not flat",
    "others": "{launches} at another level of the canary left out",
    "between": "{size} B was not measured: interpolated between {low} and {high} B, on logarithms",
    "rare": "p{q} rests on fewer than 100 samples beyond it",
    "may_be_over": "the interval of p{q} reaches {time}, over the target",
    "bound": "p{q} of the mixture is at most this: the longest among its sizes",
    "spins": "its receiver spins: a whole CPU, {time} a message at {rate}",
    "lost": "{share} % were lost in a stream of {size} B",
    # why it is left out
    "lacks": "no {need}",
    "unstated": "not stated whether it has {need}",
    "unmeasured": "{size} B was not measured ({low} to {high} B)",
    "unmeasured_one": "{size} B was not measured (only {low} B)",
    "because": "{why} ({reason})",
    "no_tail": "p{q} was not measured: too few samples",
    "late": "p{q} {time} is over {target}",
    "late_response": "p{q} response at {rate}, one way, {time} is over {target}",
    "overloaded": "overloaded at {rate} offered",
    "slow_stream": "a closed-loop stream carries {rate}, less than {asked}",
    "slow_alone": "one message at a time makes {rate}, less than {asked}; no stream was measured",
    "no_cpu": "CPU time was not measured",
    "dear": "{time} CPU is over {target}",
    "level": "measured at another level of the canary ({level}): not compared",
    # the answer
    "best": "{name}: {took}; {n} of {all} fit",
    "ties": "; not told apart from {names}",
    "more": " and {n} more",
    "none": "none of them: {reasons}",
    "none_here": "nothing was measured under this condition",
    "of_lacks": "{n} lack what is needed",
    "of_unstated": "of {n} the run does not say what they promise",
    "of_unmeasured": "{n} were not measured at the size",
    "of_no_tail": "p{q} was not measured for {n}",
    "of_late": "{n} are later than {target} at p{q} (nearest: {name}, {time})",
    "of_slow": "{n} do not carry {asked}",
    "of_no_cpu": "{n} have no CPU time",
    "of_dear": "{n} cost more CPU than {target} (nearest: {name}, {time})",
    "of_level": "{n} ran at another level of the canary",
    # hybrids
    "T": "{name} {wait}: T = {T} B{interval}, so {goes}",
    "T_down": "{name} {wait}: shared memory pays up to {T} B{interval}, the queue beyond",
    "T_zero": "{name} {wait}: no crossing, shared memory wins: T = 0",
    "T_never": "{name} {wait}: no crossing, the queue wins: T = inf",
    "T_open": "{name} {wait}: no T to recommend: no crossing, and the faster path is undecided",
    "T_several": "{name} {wait}: no single T: crossings at {T} B",
    "goes_queue": "{size} B goes through the queue",
    "goes_shm": "{size} B goes through shared memory",
    "goes_share": "{share} % of the messages go through shared memory",
    "T_doubt": "{text} ({doubts})",
    # what stands against all of it
    "no_open_loop": "the run has no open loop of single messages: no rate in this answer was measured as such",
    "no_abilities": "the run does not say what its mechanisms promise; give --transports what `ipcmark list transports --json` writes",
    "of_the_run": "the run itself is doubted, which its report explains: {names}",
    "elsewhere": "also measured, and not compared: {names}",
}  # fmt: skip


def say(key: str, **values: object) -> str:
    return WORDS[key].format(**values)


def time(ns: float) -> str:
    return style.time_label(ns)


def rate(per_s: float) -> str:
    return style.rate_label(per_s, "/s") if per_s >= 1000 else f"{three(per_s)} /s"


def size(value: float) -> str:
    return style.bytes_label(value)


def about(value: float | str) -> str:
    return style.about_bytes(float(value))


def launches(count: int) -> str:
    return f"{count} launch{'' if count == 1 else 'es'}"


def three(value: float) -> str:
    """Three digits, without an exponent below a million."""
    return f"{float(f'{value:.3g}'):g}"


def interval(lo: float | None, hi: float | None, label: object) -> str:
    return "" if lo is None or hi is None else say("interval", lo=label(lo), hi=label(hi))
