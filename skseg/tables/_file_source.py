"""Files that are read: their kind, told by first bytes and name, and their content."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any, NamedTuple, cast

from skseg.exceptions import InvalidDataError

# Bytes of a pipe; more of them go to a temporary file.
MOST_IN_MEMORY = 1 << 26
CSV, PARQUET, EXCEL = "CSV", "Parquet", "Excel"
GZIP, BZIP2, XZ, ZIP = "gzip", "bzip2", "xz", "zip"

_FIRST_BYTES = {
    b"PAR1": PARQUET,
    b"\x1f\x8b": GZIP,
    b"BZh": BZIP2,
    b"\xfd7zXZ\x00": XZ,
    b"PK\x03\x04": ZIP,
}
_SUFFIXES = {
    ".parquet": PARQUET,
    ".xlsx": EXCEL,
    ".xlsm": EXCEL,
    ".gz": GZIP,
    ".bz2": BZIP2,
    ".xz": XZ,
    ".zip": ZIP,
}
_SUFFIX_OF = {CSV: ".csv", PARQUET: ".parquet", EXCEL: ".xlsx"}
_PACKINGS: dict[str, Callable[[IO[bytes]], Any]] = {
    GZIP: gzip.open,
    BZIP2: bz2.open,
    XZ: lzma.open,
}
# First bytes of files that are not read -> what they are, and what to do.
_OTHER_KINDS = {
    b"\xd0\xcf\x11\xe0": (
        "an Excel file of before 2007 or with a password",
        "Save it as .xlsx without one, or as CSV.",
    ),
    b"arrow1": ("an Arrow file", "Write it as Parquet or CSV."),
    b"\x28\xb5\x2f\xfd": ("compressed by Zstandard", "Unpack it first."),
    b"7z\xbc\xaf\x27\x1c": ("compressed by 7-Zip", "Unpack it first."),
    b"sqlite format 3": ("an SQLite database", "Export its table as CSV."),
    b"%pdf": ("a PDF document", "Get its data as CSV."),
    b"<html": ("an HTML page", "Save it as .xlsx or CSV."),
    b"<table": ("an HTML page", "Save it as .xlsx or CSV."),
    b"<!doctype": ("an HTML page", "Save it as .xlsx or CSV."),
    b"<?xml": ("XML", "Save it as .xlsx or CSV."),
}


class FileSource(NamedTuple):
    """A file of a kind that is read, which can be opened one time after another.

    `stream` holds its bytes, those of a pipe in a copy.
    """

    name: str
    stream: IO[bytes]
    kind: str = CSV
    packing: str | None = None

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the unpacked content at its beginning."""
        self.stream.seek(0)
        with ExitStack() as stack:
            file = self.stream
            if self.packing == ZIP:
                file = stack.enter_context(_only_member(file, self.name))
            elif self.packing is not None:
                file = stack.enter_context(_PACKINGS[self.packing](file))
            yield file


@contextmanager
def open_source(path: Path, file: IO[bytes] | None = None) -> Iterator[FileSource]:
    """Open a file, and tell what it is by its first bytes.

    `file` is the same file, opened. Raises ValueError where skseg does not read such
    files, or the name contradicts the bytes.
    """
    with ExitStack() as stack:
        if file is None:
            file = stack.enter_context(path.open("rb"))
        if not file.seekable():
            copy = stack.enter_context(SpooledTemporaryFile(MOST_IN_MEMORY))
            shutil.copyfileobj(file, copy)
            file = cast("IO[bytes]", copy)
        yield _known_source(FileSource(path.name, file), path)


def _known_source(source: FileSource, path: Path) -> FileSource:
    kind = _kind(source)
    if kind == ZIP or kind in _PACKINGS:
        source = source._replace(packing=kind)
        kind = _kind(source)
        if kind == ZIP or kind in _PACKINGS:
            raise InvalidDataError(f"{path.name} is packed twice. Unpack it once.")
    promised = _SUFFIXES.get(path.suffix.lower())
    if promised not in (None, kind, source.packing):
        article = "an" if promised == EXCEL else "a"
        better = f"{path.stem.partition('.')[0]}{_SUFFIX_OF[kind]}"
        raise InvalidDataError(
            f"{path.name} is not {article} {promised} file, as its name says, but "
            f"{kind}.",
            advice=f"Rename it, for instance to {better}.",
        )
    return source._replace(kind=kind)


def _kind(source: FileSource) -> str:
    with source.open() as stream:
        first = stream.read(64)
        kind = next(
            (k for start, k in _FIRST_BYTES.items() if first.startswith(start)), CSV
        )
        if kind == ZIP and source.packing is None:
            names = zipfile.ZipFile(stream).namelist()
            if "xl/workbook.xml" in names:
                return EXCEL
            if "content.xml" in names:
                raise _other_kind(
                    source, "an OpenDocument file", "Save it as .xlsx or CSV."
                )
    start = first.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for signature, (words, advice) in _OTHER_KINDS.items():
        if start.startswith(signature):
            raise _other_kind(source, words, advice)
    return kind


def _other_kind(source: FileSource, words: str, advice: str) -> InvalidDataError:
    return InvalidDataError(
        f"{source.name} is {words}, which skseg does not read.", advice=advice
    )


def _only_member(file: IO[bytes], name: str) -> IO[bytes]:
    """Return the only file of a zip archive, opened."""
    archive = zipfile.ZipFile(file)
    # Archives made on a Mac hold a shadow of every file.
    members = [
        member.filename
        for member in archive.infolist()
        if not member.is_dir() and not member.filename.startswith("__MACOSX/")
    ]
    if len(members) != 1:
        raise InvalidDataError(
            f"{name} must hold one file. Got {len(members)}: {', '.join(members[:5])}.",
            advice="Unpack it, and give the file that is meant.",
        )
    return archive.open(members[0])
