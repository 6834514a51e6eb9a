"""Text of a file, decoded piece by piece, with the line in which it is."""

from __future__ import annotations

import codecs
from typing import IO, Any

from skseg.exceptions import InvalidDataError

from ._csv_records import number_of_line_ends
from ._encodings import OWNER, advice_on_bytes, advice_on_zeros, encoding_of

BLOCK = 1 << 22  # bytes


class UnicodeText:
    """The text of a file in UTF-8, from `line` on, as far as it is not dropped."""

    def __init__(self, stream: IO[bytes], encoding: str | None, file_name: str) -> None:
        self._stream = stream
        self._file_name = file_name
        first = stream.read(BLOCK)
        self._codec = encoding_of(first, encoding, file_name)
        self._decoder: Any = codecs.getincrementaldecoder(self._codec)()
        self.line = 1
        self.is_at_end = False
        self.pending = b""
        self._is_at_start = True
        self._append(first)

    def read_more(self) -> bool:
        """Append what follows, at least as much as there is; tell whether any does."""
        if self.is_at_end:
            return False
        # Doubled, so that a record of any length takes linear time.
        self._append(self._stream.read(max(BLOCK, len(self.pending))))
        return True

    def drop(self, n_bytes: int, n_lines: int) -> None:
        """Forget lines at the beginning."""
        self.pending = self.pending[n_bytes:]
        self.line += n_lines

    def _append(self, raw: bytes) -> None:
        self.is_at_end = not raw
        if self._codec == "utf-8" and raw.isascii() and not self._decoder.getstate()[0]:
            data = raw
        else:
            try:
                data = self._decoder.decode(raw, final=not raw).encode()
            except UnicodeError as error:
                raise self._no_text(error) from error
        if b"\0" in data:
            before = self.pending + data[: data.index(b"\0")]
            raise InvalidDataError(
                f"{self._file_name} cannot be read as CSV: in line "
                f"{self._line_after(before)} it holds bytes of zero, and so is no text "
                f"in {self._codec}.",
                owner=OWNER,
                name="encoding",
                value=self._codec,
                advice=advice_on_zeros(data, self._codec),
            )
        self.pending += data
        # Files that were made of marked text by programs that mark it have two marks.
        while self._is_at_start and self.pending.startswith(codecs.BOM_UTF8):
            self.pending = self.pending.removeprefix(codecs.BOM_UTF8)
        self._is_at_start &= not self.pending

    def _line_after(self, data: bytes) -> int:
        return self.line + number_of_line_ends(data)

    def _no_text(self, error: UnicodeError) -> InvalidDataError:
        place, reason, advice = "", str(error), None
        if isinstance(error, UnicodeDecodeError):
            before = error.object[: error.start].decode(self._codec, "ignore")
            line = self._line_after(self.pending + before.encode("utf-8", "ignore"))
            place = f", line {line}"
            byte = error.object[error.start]
            reason = f"byte 0x{byte:02x} is no text in {self._codec}, {error.reason}"
            advice = advice_on_bytes(error)
        return InvalidDataError(
            f"{self._file_name}{place}: This cannot be read as CSV: {reason}.",
            owner=OWNER,
            name="encoding",
            value=self._codec,
            advice=advice,
        )
