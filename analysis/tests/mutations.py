"""Seeded damage to a run folder: what disks, editors, other programs and other versions do to records."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**70), 10**400, 0.0, -0.0, 1e-300, 5e-324, 1e17, 1e308,
    float("nan"), float("inf"), float("-inf"), "", "inf", "nan", "x" * 300, "\u0000", "\ud800", "<b>&amp;", "$x_1$",
    "\\frac{", "{0}", "%s", [], {}, [[]], [None], {"": None}, [1, "a", None],
)  # fmt: skip


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a JSON value, outermost first."""
    found: list[tuple[Any, Any]] = []
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in list(keys):
        found.append((value, key))
        found += places(value[key])
    return found


def nested(depth: int) -> str:
    """JSON deeper than any reader's stack."""
    return "[" * depth + "]" * depth


def flip_bits(line: bytes, rng: random.Random) -> bytes:
    damaged = bytearray(line)
    for _ in range(rng.choice((1, 1, 3, 20))):
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def cut(line: bytes, rng: random.Random) -> bytes:
    return line[: rng.randrange(len(line))]


def other_value(line: bytes, rng: random.Random) -> bytes:
    """Wrong types, huge and impossible numbers, words that mean something to somebody else."""
    content = json.loads(line)
    for _ in range(rng.choice((1, 1, 2, 5))):
        container, key = rng.choice(places(content))
        container[key] = rng.choice(ODD_VALUES)
    return json.dumps(content).encode("ascii")


def missing(line: bytes, rng: random.Random) -> bytes:
    content = json.loads(line)
    container, key = rng.choice(places(content))
    del container[key]
    return json.dumps(content).encode()


def moved_value(line: bytes, rng: random.Random) -> bytes:
    """A value that is right, in a place where it is not."""
    content = json.loads(line)
    (a, i), (b, j) = rng.choice(places(content)), rng.choice(places(content))
    try:
        a[i] = json.loads(json.dumps(b[j]))
    except IndexError:  # the place went with what was put there
        pass
    return json.dumps(content).encode()


def duplicate_key(line: bytes, rng: random.Random) -> bytes:
    content = json.loads(line)
    name = rng.choice(list(content)) if isinstance(content, dict) else "a"
    extra = json.dumps({name: rng.choice(ODD_VALUES)})[1:-1]
    return line.rstrip().removesuffix(b"}") + b"," + extra.encode("ascii") + b"}"


def deep(line: bytes, rng: random.Random) -> bytes:
    content = json.loads(line)
    container, key = rng.choice(places(content))
    container[key] = "PLACE"
    return json.dumps(content).replace('"PLACE"', nested(rng.choice((30, 900, 100_000)))).encode()


def other_schema(line: bytes, rng: random.Random) -> bytes:
    content = json.loads(line)
    content["schema"] = rng.choice((0, 2, -1, "1", None, 1.5, [1], 10**30))
    return json.dumps(content).encode()


def foreign(line: bytes, rng: random.Random) -> bytes:
    """Not ours at all."""
    return rng.choice(
        (
            b"null",
            b"[]",
            b"{}",
            b"1",
            b'"schema"',
            b'{"schema": 1}',
            b"\xff\xfe\x00",
            b"schema,case",
        )
    )


def repeated(line: bytes, rng: random.Random) -> bytes:
    return line + b"\n" + line


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    flip_bits, cut, other_value, other_value, other_value, other_value, missing, missing, moved_value, moved_value,
    duplicate_key, deep, other_schema, foreign, repeated,
)  # fmt: skip


def damage_lines(file: Path, rng: random.Random) -> None:
    """One to all lines of a file of records."""
    lines = file.read_bytes().rstrip(b"\n").split(b"\n")
    hit = rng.sample(range(len(lines)), k=min(len(lines), rng.choice((1, 2, 5, len(lines)))))
    damage = rng.choice(DAMAGES)
    for at in hit:
        lines[at] = (damage if rng.random() < 0.7 else rng.choice(DAMAGES))(lines[at], rng)
    file.write_bytes(b"\n".join(lines) + rng.choice((b"\n", b"", b"\n\n", b"\x00")))


def damage_packed(file: Path, rng: random.Random) -> None:
    """As a complete run keeps large files, whole, cut, with flipped bits, or with rubbish behind."""
    packed = gzip.compress(file.read_bytes(), 1)
    spoil = rng.choice((lambda b, _: b, cut, flip_bits, lambda b, _: b + b"rubbish"))
    Path(f"{file}.gz").write_bytes(spoil(packed, rng))
    file.unlink()


def damage_paper(file: Path, rng: random.Random) -> None:
    """manifest.json or environment.json: one JSON value over many lines, or none."""
    if rng.random() < 0.1:
        file.unlink()
    else:
        file.write_bytes(rng.choice(DAMAGES)(file.read_bytes(), rng))


def damage(folder: Path, rng: random.Random) -> None:
    """A run folder, in one to a few of its files."""
    for file in rng.sample(sorted(folder.glob("*.jsonl")), k=rng.choice((1, 1, 2, 4))):
        damage_lines(file, rng)
        if rng.random() < 0.2:
            damage_packed(file, rng)
    for name in ("manifest.json", "environment.json"):
        if rng.random() < 0.25:
            damage_paper(folder / name, rng)
