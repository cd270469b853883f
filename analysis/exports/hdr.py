"""HdrHistogram's V2 encoding of our histograms, lossless: the bucket rule of both is the same at three digits.

Header, then counts by index as ZigZag LEB128 of at most nine bytes, runs of zeros as negative numbers (the layout of
HdrHistogram's AbstractHistogram.encodeIntoByteBuffer); the whole deflated, in base64 where it stands in a log.
"""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np

from histogram import Histogram, bucket_lows

DIGITS = 3  # 2048 values a sub-bucket: results/README.md
V2, V2_COMPRESSED = 0x1C849303 | 0x10, 0x1C849304 | 0x10
HEADER = struct.Struct(">iiiiqqd")  # cookie, length, offset, digits, lowest, highest, ratio
LEAST_HIGHEST = 2  # HdrHistogram wants twice the lowest value that it tells apart


def compressed_base64(histogram: Histogram) -> str:
    """As the last field of a log's line."""
    body = zlib.compress(encode(histogram))
    return base64.b64encode(struct.pack(">ii", V2_COMPRESSED, len(body)) + body).decode()


def encode(histogram: Histogram) -> bytes:
    """The V2 encoding of its counts."""
    counts, next_index = bytearray(), 0
    for index, count in zip(histogram.indexes.tolist(), histogram.counts.tolist()):
        if not count:
            continue
        if index > next_index:
            counts += zigzag(next_index - index)  # negative: so many zeros
        counts += zigzag(count)
        next_index = index + 1
    highest = max(int(histogram.maximum), LEAST_HIGHEST) if histogram.count else LEAST_HIGHEST
    return HEADER.pack(V2, len(counts), 0, DIGITS, 1, highest, 1.0) + bytes(counts)


def zigzag(value: int) -> bytes:
    """A signed number in one to nine bytes, seven bits each, the ninth whole."""
    left, out = ((value << 1) ^ (value >> 63)) & (1 << 64) - 1, bytearray()
    while left > 0x7F and len(out) < 8:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes(out) + bytes([left])


def highest_of(indexes: np.ndarray) -> np.ndarray:
    """The largest value of each bucket, in the histogram's unit: what HdrHistogram reports."""
    low, width = bucket_lows(indexes)
    return low + width - 1
