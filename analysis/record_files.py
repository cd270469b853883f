"""The files of a run that hold records: plain while they grow, large ones packed by gzip once the run is complete."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

PLAIN, PACKED = ".jsonl", ".jsonl.gz"


def record_files(folder: Path) -> list[Path]:
    """By experiment; of one that is there both ways, as a stopped packing leaves it, the plain file."""
    packed = {file.name[: -len(PACKED)]: file for file in folder.glob(f"*{PACKED}")}
    plain = {file.name[: -len(PLAIN)]: file for file in folder.glob(f"*{PLAIN}")}
    return [file for _, file in sorted((packed | plain).items())]


def experiment_of(file: Path) -> str:
    """latency.jsonl and latency.jsonl.gz are of latency."""
    return file.name.removesuffix(".gz").removesuffix(PLAIN)


def lines_of(file: Path) -> Iterator[bytes]:
    """Every line with its end. Raises OSError, also where the packing is broken, after what could be read."""
    packed = file.name.endswith(PACKED)
    try:
        with gzip.open(file) if packed else file.open("rb") as lines:
            yield from lines
    except gzip.BadGzipFile as error:
        raise OSError(0, f"not as gzip packed it ({error})") from None
    except (EOFError, zlib.error) as error:
        raise OSError(0, f"damaged gzip: {error}") from None


def plain_bytes(file: Path) -> int:
    """How large its text is, in bytes. A packed one says it in its last four (RFC 1952; modulo 4 GiB)."""
    if not file.name.endswith(PACKED):
        return file.stat().st_size
    with file.open("rb") as packed:
        packed.seek(max(0, file.stat().st_size - 4))
        return int.from_bytes(packed.read(4), "little")
