"""Errors of the library as sentences about options, keys and lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from skseg import MECERuleSegmenter, rfm_table
from skseg.cli._wording import (
    InputError,
    Terms,
    input_errors,
    key_terms,
    option_terms,
    worded,
)
from skseg.datasets import make_orders
from skseg.exceptions import InvalidParameterError, MissingColumnError, SksegError
from skseg.rules import RuleSet
from skseg.tables._data_file import DataFile, read_data_file
from tests.cli.cli_tools import DAY, write_csv


def orders_file(folder: Path, *lines: str) -> DataFile:
    path = write_csv(folder / "orders.csv", ["id,when,paid", *lines])
    return read_data_file(path, ["id", "when", "paid"])


def error_of(call: Callable[[], object]) -> SksegError:
    with pytest.raises(SksegError) as caught:
        call()
    return caught.value


def table_of(file: DataFile, **parameters: Any) -> Any:
    columns = {"customer_id": "id", "date": "when", "amount": "paid"}
    return rfm_table(file.frame, as_of=DAY, **columns, **parameters)


def test_parameters_are_options_and_columns_keep_their_names() -> None:
    error = error_of(lambda: make_orders(0))
    assert worded(error, option_terms()) == (
        "--customers must be an int in [1, 2147483648]. Got 0 instead."
    )
    error = InvalidParameterError("rfm_table", "as_of", "an ISO date", 3)
    assert (
        worded(error, option_terms()) == "--as-of must be an ISO date. Got 3 instead."
    )
    missing = MissingColumnError("o.csv", ["as"], ["as_of", "time_zone"])
    assert worded(missing, option_terms()) == str(missing)
    assert "Available: 'as_of', 'time_zone'." in str(missing)


def test_parameters_are_keys_of_a_file() -> None:
    segmenter = MECERuleSegmenter({"A": "x > 1"}, min_size="9%")  # type: ignore[arg-type]
    assert worded(error_of(segmenter.parse_rules), key_terms("r.yaml")) == (
        "r.yaml: The key 'min_size' must be an int in [1, inf) or a float in (0, 1). "
        "Got '9%' instead."
    )


def test_defects_are_listed_with_their_lines(tmp_path: Path) -> None:
    file = orders_file(
        tmp_path,
        *("b,31.12.2024,2", "", ",2024-12-01,3", "c,2025-01-02,4", '"d', 'e",,$5'),
        *("f,2024-12-01,$6", "g,2024-12-01,7"),
    )
    error = error_of(lambda: table_of(file))
    assert worded(error, option_terms(file)) == (
        "4 of 6 rows of orders.csv cannot be used:\n"
        "- missing customer: 1 row, first in line 4.\n"
        "- missing date: 1 row, first in line 6.\n"
        "- unparsable date: 1 row, first in line 2: '31.12.2024'. Write dates in "
        "ISO 8601 (2024-03-31, 2024-03-31 10:15:00), or give their --date-format.\n"
        "- date after --as-of: 1 row, first in line 5: '2025-01-02'. Choose a later "
        "--as-of to keep them.\n"
        "--invalid exclude leaves such rows out, and counts them."
    )
    assert error.remedy == {"invalid": "exclude"}
    table, report = table_of(file, return_report=True, **error.remedy)
    assert len(table) == report.n_used == 2


def test_orders_of_which_none_can_be_used_are_listed_without_a_remedy(
    tmp_path: Path,
) -> None:
    file = orders_file(tmp_path, ",2024-12-01,3", ",2024-12-02,4")
    error = error_of(lambda: table_of(file, invalid="exclude"))
    assert worded(error, option_terms(file)) == (
        "2 of 2 rows of orders.csv cannot be used:\n"
        "- missing customer: 2 rows, first in line 2.\n"
        "No row is left."
    )
    error = error_of(lambda: table_of(file))
    assert worded(error, option_terms(file)) == (
        "2 of 2 rows of orders.csv cannot be used:\n"
        "- missing customer: 2 rows, first in line 2.\n"
        "Correct these rows: --invalid exclude leaves such rows out, and then none is "
        "left."
    )


def test_an_amount_is_named_with_its_line_and_the_option_that_helps(
    tmp_path: Path,
) -> None:
    file = orders_file(tmp_path, "", '"a', 'b",2024-12-01,1.005')
    error = error_of(lambda: table_of(file, decimals=2))
    assert worded(error, option_terms(file)) == (
        "orders.csv, line 3: The amount 1.005 in the column 'paid' must have at most 2 "
        "decimals, so that sums are exact. --decimals 3 keeps all amounts."
    )
    assert len(table_of(file, **error.remedy)) == 1


def test_a_time_zone_that_does_not_apply_is_left_out(tmp_path: Path) -> None:
    file = orders_file(tmp_path, "a,2024-12-01,1")
    error = error_of(lambda: table_of(file, time_zone="Europe/Berlin"))
    assert worded(error, option_terms(file)) == (
        "Only dates that have a time zone can be converted to another; the column "
        "'when' has dates without one. Leaving out --time-zone takes the days of dates "
        "as they are written."
    )
    assert len(table_of(file, **error.remedy)) == 1


@pytest.mark.parametrize(
    ("parameters", "remedy"),
    [
        (
            {"rules": {"A": "x > 1", "B": "x > 2"}, "default": "C"},
            {"on_overlap": "first"},
        ),
        ({"rules": {"A": "x > 1"}}, {"default": "Others"}),
        (
            {"rules": {"A": "x > 1", "B": "x > 2"}},
            {"on_overlap": "first", "default": "Others"},
        ),
    ],
)
def test_what_rules_may_declare_is_accepted(
    parameters: dict[str, Any], remedy: dict[str, str]
) -> None:
    segmenter = MECERuleSegmenter(**parameters)
    X = pd.DataFrame({"x": [1.0, 2.0]})
    error = error_of(lambda: segmenter.fit(X))
    sentence = worded(error, key_terms("r.yaml"))
    assert "\nMend the rules, or declare what is meant: '" in sentence
    for name, value in remedy.items():
        assert f"'{name}: {value}' " in sentence
    assert error.remedy == remedy
    segmenter.set_params(**error.remedy).fit(X)


def test_advice_that_needs_python_is_given_in_terms_of_files() -> None:
    rules = RuleSet({"A": "aov > q(0.5)"}, default="B", universe="aov > q(0.1)")
    error = error_of(rules.verify)
    assert "resolve(X)" in str(error)
    sentence = worded(error, key_terms(""))
    assert sentence.endswith("known without data. Use a number in the universe.")


@pytest.mark.parametrize("terms", [option_terms(), key_terms("r.yaml")])
def test_errors_without_facts_are_shown_as_they_are(terms: Terms) -> None:
    place = f"{terms.source}: " if terms.source else ""
    assert worded(ValueError("So."), terms) == f"{place}So."
    assert worded(SksegError("So.", advice="Do."), terms) == f"{place}So. Do."


def test_input_errors_end_the_command_with_status_2() -> None:
    with pytest.raises(InputError, match="So") as caught, input_errors():
        raise OSError("So.")
    assert caught.value.exit_code == 2
