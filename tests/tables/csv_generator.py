"""CSV files made at random by a writer of our own, which knows every cell and line."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

WANTED = ("id", "when", "paid", "note")
# Names that pandas invents, and others that are awkward to write.
NAMES = (
    *("x", "x.1", "Unnamed: 1", "", " id", "ID", "Stra\xdfe", "a;b", "two\nlines"),
    *('say "so"', "paid.1", "NA", "a,b|c", "1"),
)
IDS = ("007", "7", "NA", "null", "a b", "O'Neil", "-5", "1e3", "\xc4rger", "nan")
NOTES = (
    *("", "", "plain", "NA", "None", " spaces ", "a,b;c|d\te", "two\nlines", "\r\n"),
    *('say "so"', '6" pipe', '"', '""', "'", "#", "\\", "\xdf\xe9", "one\rtwo", "=1+1"),
)
SEPARATORS = (",", ";", "\t", "|")
MARKS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}
# What is wrong with a file -> what the refusal says.
FAULTS = {
    "": "",
    "surplus": "line {line}: The row has {n} fields, the header",
    "short": "line {line}: The row has",
    "unclosed": "line {line}: This cannot be read as CSV: the quote",
    "after quote": "line {last}: This cannot be read as CSV: text follows",
    "zero": "line {last} it holds bytes of zero",
    "byte": "line {last}: This cannot be read as CSV: ",
    "twice": "has several columns 'paid'. Rename all but one.",
    "missing": "needs the column 'paid'.",
    "not a number": "line {line}: The column 'paid' must hold numbers",
}


def n_line_ends(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


@dataclass
class GeneratedFile:
    """Bytes of a file, the options that it needs, and what is in it."""

    content: bytes
    options: dict[str, Any]
    header: list[str]
    rows: list[list[str]]
    refusal: str
    sep: str

    def column(self, name: str) -> list[str | None]:
        """Return the cells of a column, None for an empty one."""
        position = self.header.index(name)
        return [row[position] or None for row in self.rows]

    @property
    def amounts(self) -> list[float]:
        """The column of amounts as numbers."""
        mark = self.options.get("decimal", ".")
        return [float((c or "nan").replace(mark, ".")) for c in self.column("paid")]


@dataclass
class CSVWriter:
    """How a file is written, and what has been written."""

    random: Random
    sep: str
    quoting: str
    line_ends: tuple[str, ...]
    text: str = ""
    starts: list[int] = field(default_factory=list)

    @property
    def line(self) -> int:
        """Number of the line that is written next."""
        return 1 + n_line_ends(self.text)

    def blank(self) -> None:
        """Write a line with nothing but space."""
        space = "" if self.sep in " \t" else self.random.choice(["", "  "])
        # After \r, \n alone would be the rest of a line end.
        ends = [end for end in self.line_ends if end != "\n" or not self.ends_in_return]
        self.text += space + (self.random.choice(ends) if ends else "\r\n")

    @property
    def ends_in_return(self) -> bool:
        return self.text.endswith("\r")

    def row(self, cells: list[str], *, raw: str = "") -> None:
        """Write a row; `raw` is appended to its last field as it is."""
        self.starts.append(self.line)
        fields = [self.field(cell, is_only=len(cells) == 1) for cell in cells]
        self.text += self.sep.join(fields) + raw + self.random.choice(self.line_ends)

    def field(self, cell: str, *, is_only: bool) -> str:
        """Return a cell as it stands between separators."""
        needs = cell.startswith('"') or any(c in cell for c in f"{self.sep}\r\n")
        # Where the separator is told from the header, no other one may seem to be it.
        needs |= any(c in cell for c in SEPARATORS) or (is_only and cell.isspace())
        usually = {"all": 1.0, "some": 0.5, "few": 0.0}[self.quoting]
        if needs or self.random.random() < usually:
            return f'"{cell.replace(chr(34), chr(34) * 2)}"'
        return cell


@cache
def generate(seed: int) -> GeneratedFile:
    """Return a file that is the same for the same seed."""
    random = Random(seed)
    fault = random.choice([*FAULTS, *[""] * (len(FAULTS) // 2)])
    sep = random.choice([*SEPARATORS * 3, "^", "\xa7", " "])
    ends = random.choice([("\n",), ("\r\n",), ("\r",), ("\n", "\r\n", "\r")])
    writer = CSVWriter(random, sep, random.choice(["all", "some", "few"]), ends)
    options: dict[str, Any] = {}
    if random.random() < 0.2:
        options["decimal"] = ","
    if random.random() < 0.15 and sep != " ":
        writer.text += f"sep={sep}{ends[0]}"
    elif sep not in SEPARATORS or random.random() < 0.2:
        options["sep"] = sep
    header, rows = _table(random, fault, options.get("decimal", "."))
    for _ in range(random.choice([0, 0, 1, 2])):
        writer.blank()
    writer.row(header)
    _write_rows(writer, rows, fault)
    if fault in ("", "short", "not a number") and random.random() < 0.3:
        writer.text = writer.text.rstrip("\r\n") if rows[-1][-1] else writer.text
    content = _encoded(writer.text, random, fault, options)
    line = writer.starts[-1]
    last = line + sum(map(n_line_ends, rows[-1]))
    refusal = FAULTS[fault].format(line=line, last=last, n=len(header) + 1)
    return GeneratedFile(content, options, header, rows, refusal, sep)


def _table(
    random: Random, fault: str, decimal: str
) -> tuple[list[str], list[list[str]]]:
    header = [*WANTED, *random.choices(NAMES, k=random.randint(0, 4))]
    if random.random() < 0.03:
        header.append("long " + "x" * 140_000)
    if fault == "twice":
        header.append("paid")
    if fault == "missing":
        header.remove("paid")
    random.shuffle(header)
    rows = []
    for _ in range(random.randint(1, 12)):
        cells = {
            "id": random.choice(IDS),
            "when": f"2024-{random.randint(1, 12):02}-{random.randint(1, 28):02}",
            "paid": f"{random.randint(1, 9999) / 100}".replace(".", decimal),
        }
        rows.append([cells.get(name) or random.choice(NOTES) for name in header])
    if random.random() < 0.05:
        rows[0][header.index("note")] = random.choice(["y" * 150_000, "z\n" * 70_000])
    if fault == "not a number":
        rows[-1][header.index("paid")] = "much"
    return header, rows


def _write_rows(writer: CSVWriter, rows: list[list[str]], fault: str) -> None:
    """Write the rows, the fault in the last one."""
    for row in rows[:-1]:
        if writer.random.random() < 0.2:
            writer.blank()
        writer.row(row)
    row = rows[-1]
    if fault == "surplus":
        writer.row([*row, "more"])
    elif fault == "short":
        writer.row(row[:-1])
    elif fault == "unclosed":
        writer.row([*row[:-1], ""], raw='"never closed')
        writer.text = writer.text.replace('"""never', '"never')
    elif fault == "after quote":
        row[-1] = ""
        writer.row(row[:-1])
        writer.text = writer.text.rstrip("\r\n") + f'{writer.sep}"so"much\n'
    elif fault == "zero":
        row[-1] = row[-1].rstrip("\r\n")
        writer.row([*row[:-1], f"{row[-1]}\0"])
    elif fault == "byte":
        row[-1] = row[-1].rstrip("\r\n")
        writer.row([*row[:-1], f"{row[-1]}\u20ac\u20ac"])
    else:
        writer.row(row)
        if writer.random.random() < 0.3:
            writer.blank()


def _encoded(text: str, random: Random, fault: str, options: dict[str, Any]) -> bytes:
    if fault == "byte":
        # As in Windows' encoding, a byte that begins no character of UTF-8.
        return text.encode().replace("\u20ac".encode(), b"\x80")
    mark = random.choice([*MARKS, "utf-8", "utf-8", "", "", ""])
    if mark:
        if random.random() < 0.3:
            options["encoding"] = mark
        return MARKS[mark] + text.encode(mark)
    encoding = random.choice(["utf-8", "utf-8", "cp1252", "latin-1", "utf-16-le"])
    if fault == "zero":
        encoding = "utf-8"
    if encoding != "utf-8":
        options["encoding"] = encoding
    return text.encode(encoding)
