"""HdrHistogram's V2 log payload, decoded from its format alone: shares nothing with the encoder it checks."""

from __future__ import annotations

import base64
import struct
import zlib


def decode(payload: str) -> dict[int, int]:
    """Counts by the highest value of their bucket. Raises ValueError where the payload is not as it says."""
    raw = base64.b64decode(payload, validate=True)
    cookie, length = struct.unpack_from(">ii", raw)
    if cookie & ~0xF0 != 0x1C849304 or length != len(raw) - 8:
        raise ValueError(f"compressed cookie {cookie:#x}, length {length} of {len(raw) - 8}")
    body = zlib.decompress(raw[8:])
    cookie, length, offset, digits, lowest, highest, ratio = struct.unpack_from(">iiiiqqd", body)
    if cookie & ~0xF0 != 0x1C849303 or (offset, digits, lowest, ratio) != (0, 3, 1, 1.0):
        raise ValueError(f"cookie {cookie:#x}, {offset=}, {digits=}, {lowest=}, {ratio=}")
    if length != len(body) - 40:
        raise ValueError(f"counts of {length} bytes, there are {len(body) - 40}")
    counts, index, at = {}, 0, 40
    while at < len(body):
        number, at = _zigzag(body, at)
        if number < 0:
            index -= number
        else:
            counts[_highest(index)] = number
            index += 1
    last, others = max(counts, default=0), sorted(counts)[:-1]
    if highest < max([2, *others]) or highest > max(2, last):  # 2: the format's least
        raise ValueError(f"highest trackable {highest} is not in the last bucket")
    return counts


def percentile(counts: dict[int, int], q: float) -> int:
    """Nearest rank, at the highest value of its bucket."""
    seen, wanted = 0, q / 100 * sum(counts.values())
    for value, count in sorted(counts.items()):
        seen += count
        if seen >= wanted - 1e-9:
            return value
    raise ValueError("no counts")


def _zigzag(body: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = body[at]
        at += 1
        if shift == 56:  # the ninth byte has eight bits and no successor
            value |= byte << 56
            break
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            break
    return (value >> 1) ^ -(value & 1), at


def _highest(index: int) -> int:
    """Sub-buckets of 2048, the lower half of all but the first unused."""
    bucket, sub = index // 1024 - 1, index % 1024 + 1024
    if bucket < 0:
        bucket, sub = 0, sub - 1024
    return ((sub + 1) << bucket) - 1
