"""One file has one answer: from the command rfm, from rules apply and from read_table.

What is right is known to the generator of the files, which writes them cell by cell.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from skseg.cli._file_format import FileFormat
from skseg.cli._rfm_run import read_orders
from skseg.cli._rules_apply import read_rows
from skseg.cli._rules_file import RulesFile, read_rules_file
from skseg.cli._wording import option_terms, worded
from skseg.exceptions import SksegError
from skseg.tables import _unicode_text, read_table
from tests.cli.cli_tools import FAST, TINY, skseg_command, write
from tests.tables.csv_generator import FAULTS, GeneratedFile, generate

N_FILES = 300
BLOCKS = (7, 64, 1000, _unicode_text.BLOCK)
Columns = dict[str, list[Any]]
KINDS = {"id": "id", "when": "date", "paid": "number", "note": "text"}
ROLES = {"customer_id": "id", "date": "when", "amount": "paid"}
RULES = "rules:\n  Low: paid < 50\ndefault: Rest\n"
NOTED = "rules: {A: note == 'NA' and when > date('2024-06-30')}\ndefault: Rest\n"


@contextmanager
def opened(path: Path, *, as_pipe: bool) -> Iterator[Path]:
    """Give a file, or a pipe through which it can be read once."""
    if not as_pipe:
        yield path
        return
    content = path.read_bytes()
    reader, writer = os.pipe()

    def fill() -> None:
        with os.fdopen(writer, "wb") as stream:
            stream.write(content)

    thread = threading.Thread(target=fill)
    thread.start()
    try:
        yield Path(f"/dev/fd/{reader}")
    finally:
        thread.join()
        os.close(reader)


def as_ids(cells: list[str | None]) -> list[Any]:
    """Return ids as integers if all of them are written as Python writes them."""
    try:
        integers = [int(cell or "") for cell in cells]
    except ValueError:
        return cells
    return integers if list(map(str, integers)) == cells else cells


def plain(values: Any) -> list[Any]:
    return [None if pd.isna(value) else value for value in values]


def expected_columns(file: GeneratedFile) -> Columns:
    return {
        "id": as_ids(file.column("id")),
        "when": [pd.Timestamp(cell or "") for cell in file.column("when")],
        "paid": file.amounts,
        "note": file.column("note"),
    }


def table_of(file: GeneratedFile, path: Path, rules: RulesFile) -> Columns:
    table = read_table(path, columns=KINDS, **file.options)
    return {name: plain(table[name]) for name in KINDS}


def orders_of(file: GeneratedFile, path: Path, rules: RulesFile) -> Columns:
    data, lines = read_orders(path, ROLES, FileFormat(**file.options))
    # The amounts and dates stay text, which the customer table reads.
    assert plain(lines["when"]) == file.column("when")
    assert plain(lines["paid"]) == file.column("paid")
    columns = data.columns({"when": "date", "paid": "number"})
    return {"id": plain(lines["id"]), **{n: plain(columns[n]) for n in columns}}


def rows_of(file: GeneratedFile, path: Path, rules: RulesFile) -> Columns:
    roles = {"outcome": "paid", "weight": None, "id_column": "id"}
    data = read_rows(rules, path, FileFormat(**file.options), **roles)
    columns = data.columns({**rules.columns, "id": "id"})
    answer = {name: plain(columns[name]) for name in columns}
    return {**answer, "paid": plain(data.finite_numbers("paid"))}


READERS = {"read_table": table_of, "rfm": orders_of, "rules apply": rows_of}


def answer_of(
    reader: str, file: GeneratedFile, path: Path, rules: RulesFile, *, as_pipe: bool
) -> Any:
    """Return columns, or the refusal in the words of a command."""
    with opened(path, as_pipe=as_pipe) as source:
        try:
            return READERS[reader](file, source, rules)
        except SksegError as error:
            # A pipe is called by its number, which may be that of a line as well.
            return worded(error, option_terms()).replace(source.name, path.name, 1)


@pytest.mark.parametrize("first", range(0, N_FILES, 50))
def test_every_reader_gives_the_answer_that_the_generator_knows(
    first: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "data.csv"
    rules = read_rules_file(write(tmp_path / "rules.yaml", NOTED))
    for seed in range(first, first + 50):
        file = generate(seed)
        # So that a record may begin and end anywhere in what is read at a time.
        size = 1000 if len(file.content) > 10_000 else BLOCKS[seed % len(BLOCKS)]
        monkeypatch.setattr(_unicode_text, "BLOCK", size)
        path.write_bytes(file.content)
        expected = expected_columns(file) if not file.refusal else {}
        for reader in READERS:
            answer = answer_of(reader, file, path, rules, as_pipe=seed % 5 == 0)
            if file.refusal:
                assert file.refusal in answer, (seed, reader)
            else:
                assert len(answer) >= 3
                known = {name: expected[name] for name in answer}
                assert answer == known, (seed, reader)


def test_the_files_have_all_faults_and_are_mostly_right() -> None:
    refusals = [generate(seed).refusal for seed in range(N_FILES)]
    assert refusals.count("") > N_FILES / 3
    for refusal in FAULTS.values():
        beginning = refusal.partition("{")[0] or refusal
        assert any(refusal and r.startswith(beginning) for r in refusals) or not refusal


@pytest.mark.parametrize("first", range(0, N_FILES, 50))
def test_all_columns_are_read_under_the_names_of_the_header(
    first: int, tmp_path: Path
) -> None:
    path = tmp_path / "data.csv"
    for seed in range(first, first + 50):
        file = generate(seed)
        if file.refusal:
            continue
        path.write_bytes(file.content)
        # Names that hold a separator may be taken apart, unless it is given.
        is_given = any(mark in "".join(file.header) for mark in ",;\t|")
        options = {**file.options, **({"sep": file.sep} if is_given else {})}
        if len(set(file.header)) < len(file.header):
            with pytest.raises(ValueError, match="has several columns"):
                read_table(path, **options)
            continue
        table = read_table(path, **options)
        assert list(table) == file.header
        for name in file.header:
            assert plain(table[name]) == file.column(name), (seed, name)


@pytest.mark.parametrize("seed", range(0, 60, 4))
def test_the_commands_write_what_the_generator_knows(seed: int, tmp_path: Path) -> None:
    file = generate(seed)
    path = tmp_path / "data.csv"
    path.write_bytes(file.content)
    options = [
        word
        for name, value in file.options.items()
        for word in (f"--{name}", "tab" if value == "\t" else value)
    ]
    rules = write(tmp_path / "rules.yaml", RULES)
    rfm = ["rfm", path, *TINY, "--invalid", "placeholder-customer=keep"]
    apply = ["rules", "apply", rules, path, "--id", "id", "--outcome", "paid"]
    for name, command in {"customers.csv": rfm, "rows.csv": apply}.items():
        out = tmp_path / name.partition(".")[0]
        result = skseg_command(*command, *options, "--out", out, *FAST)
        if file.refusal:
            assert result.exit_code == 2
            in_words = file.refusal.partition("The column 'paid'")[0]
            assert in_words in result.stderr
            continue
        assert result.exit_code == 0, result.output
        written = read_table(out / name)
        if name == "rows.csv":
            assert written["id"].to_list() == file.column("id")
            low = np.array(file.amounts) < 50
            assert written["segment"].to_list() == list(np.where(low, "Low", "Rest"))
        else:
            totals = pd.Series(file.amounts).groupby(file.column("id")).sum().round(2)
            customers = dict(zip(written["id"], written["monetary"], strict=True))
            assert {k: float(v) for k, v in customers.items()} == totals.to_dict()
