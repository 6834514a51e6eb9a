"""Hashes of the texts in an array of Arrow, which has none of its own."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

# Rows handled at a time, so that their bytes stay in the cache of the processor.
BLOCK = 1 << 16
# The golden ratio in 64 bits, as in Fibonacci hashing (Knuth, TAOCP 6.4).
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_WORD = 8  # bytes


class TextHashes(NamedTuple):
    """Hashes of 64 bits; `are_unique` says that different texts surely differ."""

    hashes: NDArray[np.uint64]
    are_unique: bool


def hashes_of_texts(
    texts: Any, most_bytes: int, block: int = BLOCK
) -> TextHashes | None:
    """Return a hash of each text; None if one has more bytes than that.

    `texts` is a chunked array of pyarrow without missing values.
    """
    hashes = np.empty(len(texts), dtype=np.uint64)
    row = longest = 0
    for chunk in texts.chunks:
        edges, data = _edges_and_bytes(chunk)
        for start in range(0, len(chunk), block):
            part = edges[start : start + block + 1].astype(np.int64)
            longest = max(longest, int(np.diff(part).max()))
            if longest > most_bytes:
                return None
            text = data[part[0] : part[-1]]
            n_rows = len(part) - 1
            hashes[row : row + n_rows] = _hashes(part - part[0], text)
            row += n_rows
    return TextHashes(hashes, are_unique=longest < _WORD)


def _edges_and_bytes(chunk: Any) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """Return where each text begins and the last one ends, in the bytes of all."""
    _, offsets, data = chunk.buffers()
    dtype = np.int64 if str(chunk.type).startswith("large") else np.int32
    edges = np.frombuffer(b"" if offsets is None else offsets, dtype)
    # Empty texts alone may have no buffer of bytes.
    text = np.frombuffer(b"" if data is None else data, np.uint8)
    return edges[chunk.offset : chunk.offset + len(chunk) + 1], text


def _hashes(edges: NDArray[np.int64], text: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Mix the length of each text with its bytes, a word at a time.

    Each step can be undone, and up to seven bytes leave the bits of the length free.
    """
    padded = np.concatenate([text, np.zeros(_WORD, np.uint8)])
    # The word that begins at each byte.
    words = np.ndarray((len(text) + 1,), "<u8", padded, strides=(1,))
    starts, lengths = edges[:-1], np.diff(edges)
    hashes = lengths.astype(np.uint64)
    shortest = lengths.min()
    for place in range(0, int(lengths.max()), _WORD):
        rows: Any = slice(None)
        if shortest <= place:
            rows = np.flatnonzero(lengths > place)
        n_bytes = np.minimum(lengths[rows] - place, _WORD)
        # The bytes behind the end of the text are shifted out.
        word = words[starts[rows] + place] << (64 - 8 * n_bytes).astype(np.uint64)
        mixed = (hashes[rows] ^ word) * _MULTIPLIER
        hashes[rows] = mixed ^ (mixed >> np.uint64(32))
    return hashes
