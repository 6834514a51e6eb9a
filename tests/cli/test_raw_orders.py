"""``skseg rfm`` on files as people have them, in one command without preparation."""

from __future__ import annotations

import gzip
import os
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skseg import RFMSegmenter
from tests.cli.cli_tools import DAY, FAST, TINY, skseg_command, write, write_csv

DATA = os.environ.get("SKSEG_DATA", "")
ONLINE_RETAIL = Path(DATA) / "online_retail" / "online_retail.csv.gz"


def recount(path: Path) -> pd.DataFrame:
    """Return the customers of Online Retail, counted by pandas and Decimal."""
    lines = pd.read_csv(path, dtype=str).dropna(subset="CustomerID")
    amounts = [
        Decimal(q) * Decimal(p)
        for q, p in zip(lines["Quantity"], lines["UnitPrice"], strict=True)
    ]
    lines["amount"] = amounts
    lines["day"] = pd.to_datetime(lines["InvoiceDate"]).dt.normalize()
    orders = lines.groupby(["CustomerID", "InvoiceNo"]).agg(
        amount=("amount", "sum"), least=("amount", "min"), day=("day", "min")
    )
    is_cancelled = (orders["amount"] < 0) | (
        (orders["amount"] == 0) & (orders["least"] < 0)
    )
    purchases = orders[~is_cancelled].groupby("CustomerID")["day"]
    customers = orders.groupby("CustomerID")[["amount"]].sum()
    customers["frequency"] = purchases.size()
    customers["first"], customers["last"] = purchases.min(), purchases.max()
    return customers.sort_index()


@pytest.mark.skipif(not DATA, reason="SKSEG_DATA names no folder of data sets")
def test_online_retail_as_it_is_published(tmp_path: Path) -> None:
    result = skseg_command(
        *("rfm", ONLINE_RETAIL, "--customer", "CustomerID", "--order", "InvoiceNo"),
        *("--date", "InvoiceDate", "--quantity", "Quantity", "--price", "UnitPrice"),
        *("--as-of", "2011-12-10", "--invalid", "missing-customer=exclude"),
        *("--out", tmp_path, "--no-plots"),
    )
    assert result.exit_code == 0, result.output
    assert "541,909 read, 406,829 used" in result.stdout
    assert "135,080 missing customer" in result.stdout
    written = pd.read_csv(tmp_path / "customers.csv", dtype={"CustomerID": str})
    expected = recount(ONLINE_RETAIL)
    written = written.set_index("CustomerID").sort_index()
    assert list(written.index) == list(expected.index)
    # Every sum to the last decimal, of which unit prices have up to three.
    sums = [float(amount) for amount in expected["amount"]]
    assert written["monetary"].to_list() == sums
    frequency = expected["frequency"].fillna(0)
    assert (written["frequency"] == frequency).all()
    as_of = pd.Timestamp("2011-12-10")
    for column, day in (("recency", "last"), ("tenure", "first")):
        days = (as_of - expected[day]).dt.days
        np.testing.assert_array_equal(written[column], days)
    orders_value = written["monetary"] / written["frequency"].replace(0, np.nan)
    # Older versions of pandas read the last bit of a long decimal as they please.
    averages = written["average_order_value"]
    np.testing.assert_allclose(averages, orders_value, rtol=1e-15)
    gap = (written["tenure"] - written["recency"]) / (written["frequency"] - 1)
    gap = gap.where(written["frequency"] > 1)
    np.testing.assert_allclose(written["mean_gap"], gap, rtol=1e-15)


def customers_of(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "customers.csv")


def rfm(path: Path, out: Path, *options: object) -> str:
    """Return what the command shows of the data, or its error."""
    result = skseg_command("rfm", path, *TINY, *options, "--out", out, "--no-plots")
    if result.exit_code:
        assert result.exit_code == 2, result.output
        return result.stderr
    return result.stdout


def test_a_quantity_times_a_price_is_the_amount(tmp_path: Path) -> None:
    lines = ["id,when,n,each", "1,2024-12-01,3,0.001", "1,2024-12-02,-2,10.5"]
    path = write_csv(tmp_path / "o.csv", lines)
    options = ["--customer", "id", "--date", "when", "--as-of", DAY]
    factors = ["--quantity", "n", "--price", "each"]
    arguments = ["rfm", path, *options, "--out", tmp_path, *FAST]
    assert skseg_command(*arguments, *factors).exit_code == 0
    assert customers_of(tmp_path)["monetary"].to_list() == [-20.997]
    for wrong in ([], factors[:2], ["--amount", "n", *factors], factors[2:]):
        result = skseg_command(*arguments, *wrong)
        assert result.exit_code == 2
        assert "Give --amount, or else both --quantity and --price." in result.stderr


INVALID_LINES = [
    "id,when,paid",
    "1,2024-12-01,10",
    "1,2025-03-01,5",
    ",2024-12-01,7",
    "2,soon,8",
    "3,2024-12-05,",
]


def test_invalid_rows_are_left_out_by_their_kind(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "o.csv", INVALID_LINES)
    out = tmp_path / "out"
    late = ["--invalid", "date-after-as-of=exclude"]
    message = rfm(path, out, *late)
    assert "3 of 5 rows of o.csv cannot be used:" in message
    assert "date after" not in message
    options = [word for word in message.split() if "=exclude" in word]
    assert options == [
        "date-after-as-of=exclude",
        "missing-customer=exclude",
        "unparsable-date=exclude",
        "missing-amount=exclude",
    ]
    shown = rfm(path, out, *(w for o in options for w in ("--invalid", o)))
    assert "5 read, 1 used" in shown
    assert "5 read, 1 used" in rfm(path, out, "--invalid", "exclude")
    # A kind may be written as the message does.
    as_shown = ["--invalid", "date after --as-of=exclude"]
    assert rfm(path, out, *as_shown) == message
    mixed = ["--invalid", "exclude", "--invalid", "missing-amount=raise"]
    assert "1 of 5 rows of o.csv cannot be used:\n- missing amount" in rfm(
        path, out, *mixed
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["nobody=exclude"], "'nobody' is not one of"),
        (["missing-date=warn"], "'warn' is not one of 'raise', 'exclude'"),
        (["leave-out"], "'leave-out' is not one of 'raise', 'exclude'"),
        (["raise", "exclude"], "'raise' and 'exclude' are about all rows."),
        (["missing-date=raise"] * 2, "'missing-date' is given twice."),
    ],
)
def test_wrong_actions_for_invalid_rows_are_refused(
    values: list[str], message: str, tiny: Path, tmp_path: Path
) -> None:
    options = [word for value in values for word in ("--invalid", value)]
    assert message in " ".join(rfm(tiny, tmp_path / "out", *options).split())


def test_an_id_that_stands_for_a_missing_one_is_shown_with_what_to_do(
    tiny: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shown = " ".join(rfm(tiny, out).split())
    assert (
        "Used as customer, though it usually stands for a missing one: 'NA'." in shown
    )
    option = "--invalid placeholder-customer="
    assert f"{option}exclude leaves such rows out" in shown
    assert f"{option}keep uses them without this warning." in shown
    keep = rfm(tiny, out, "--invalid", "placeholder-customer=keep")
    assert "usually stands" not in keep
    assert len(customers_of(out)) == 3
    assert "4 read, 3 used" in rfm(
        tiny, out, "--invalid", "placeholder-customer=exclude"
    )


@pytest.mark.parametrize(
    ("dates", "amounts", "advice"),
    [
        (["31.12.2024"], ["1"], "--date-format %d.%m.%Y"),
        (["12/31/2024"], ["1"], "--date-format %m/%d/%Y"),
        (["31/12/2024 10:15"], ["1"], "--date-format '%d/%m/%Y %H:%M'"),
        (["1/2/24", "31/1/24"], ["1", "2"], "--date-format %d/%m/%y"),
        (["45657"], ["1"], "--date-format excel"),
        (["45657.25"], ["1"], "--date-format excel"),
        (["20241231"] * 2, ["10,50", "3"], "--decimal ','"),
        (["2024-12-31"], ["10,50"], "--decimal ','"),
        (["2024-12-31"], ["1.234,56"], "--decimal ',' --thousands '.'"),
        (["2024-12-31"], ["1,234.56"], "--thousands ','"),
        (["2024-12-31"], ["$1,234.56"], "--thousands ','"),
        (["2024-12-31"], ["1'234.50"], '--thousands "\'"'),
        (["2024-12-31"], ["1 234,50"], "--decimal ',' --thousands space"),
        (["2024-12-31"], ["1\xa0234,50 \u20ac"], "--decimal ',' --thousands space"),
        (["2024-12-31"], ["1_000"], "--thousands '_'"),
    ],
)
def test_the_options_that_an_error_advises_read_the_file(
    dates: list[str], amounts: list[str], advice: str, tmp_path: Path
) -> None:
    import shlex

    table = pd.DataFrame({"id": "a", "when": dates, "paid": amounts})
    path, out = tmp_path / "o.csv", tmp_path / "out"
    table.to_csv(path, index=False)
    error = rfm(path, out)
    assert f"Give {advice}, which reads " in error
    options = shlex.split(advice)
    assert "1 used" in rfm(path, out, *options) or len(dates) > 1
    assert len(customers_of(out)) == 1


def test_ambiguous_dates_and_numbers_have_all_their_readings_in_the_advice(
    tmp_path: Path,
) -> None:
    path, out = tmp_path / "o.csv", tmp_path / "out"
    error = ""
    for line in ("a,03/04/2024,1", 'a,2024-03-04,"1,234"'):
        error += rfm(write(path, f"id,when,paid\n{line}\n"), out)
    for option, reading in [
        ("--date-format %d/%m/%Y", "'03/04/2024' as 2024-04-03"),
        ("--date-format %m/%d/%Y", "'03/04/2024' as 2024-03-04"),
        ("--decimal ','", "'1,234' as 1.234"),
        ("--thousands ','", "'1,234' as 1234"),
    ]:
        assert f"{option}, which reads {reading}" in error
    write(path, 'id,when,paid\na,03/04/2024,"1,234"\n')
    rfm(path, out, "--date-format", "%d/%m/%Y", "--decimal", ",")
    assert customers_of(out)["monetary"].to_list() == [1.234]
    rfm(path, out, "--date-format", "%m/%d/%Y", "--thousands", ",")
    assert customers_of(out)["monetary"].to_list() == [1234]


def test_amounts_are_rounded_on_request_and_the_advice_says_how(
    tmp_path: Path,
) -> None:
    path, out = tmp_path / "o.csv", tmp_path / "out"
    write(path, "id,when,paid\na,2024-12-01,1e14\na,2024-12-02,0.125\n")
    error = rfm(path, out)
    assert "--decimals 1 --rounding half_even rounds the amounts" in error
    assert "1 rounded" in rfm(path, out, "--decimals", 1, "--rounding", "half_even")
    write(path, "id,when,paid\na,2024-12-02,0.125\n")
    assert "--decimals 3 keeps all amounts." in rfm(path, out, "--decimals", 2)
    assert "exactly in 3 decimals" in rfm(path, out, "--decimals", 3)
    assert "exactly in 3 decimals" in rfm(path, out)
    rfm(path, out, "--decimals", 2, "--rounding", "half_even")
    assert customers_of(out)["monetary"].to_list() == [0.12]
    assert "Give --decimals as well" in rfm(path, out, "--rounding", "half_up")


def test_marks_of_thousands_are_checked_and_spaces_and_apostrophes_are_one(
    tmp_path: Path,
) -> None:
    path, out = tmp_path / "o.csv", tmp_path / "out"
    write(path, "id;when;paid\na;2024-12-01;1\u202f234,5\nb;2024-12-01;2\xa0000\n")
    for space in ("space", " ", "\xa0", "\u202f"):
        rfm(path, out, "--decimal", ",", "--thousands", space)
        assert customers_of(out)["monetary"].to_list() == [1234.5, 2000]
    write(path, "id;when;paid\na;2024-12-01;1\u2019234.5\nb;2024-12-01;CHF 2'000\n")
    for apostrophe in ("'", "\u2019"):
        rfm(path, out, "--thousands", apostrophe)
        assert customers_of(out)["monetary"].to_list() == [1234.5, 2000]
    write(path, "id;when;paid\na;2024-12-01;1.234\n")
    error = rfm(path, out, "--thousands", ".")
    assert "It must differ from --decimal. Give --decimal , as well." in error
    rfm(path, out, "--thousands", ".", "--decimal", ",")
    assert customers_of(out)["monetary"].to_list() == [1234]
    assert "'x' is not one of" in rfm(path, out, "--thousands", "x")


def test_the_noise_of_floats_is_no_decimal(tmp_path: Path) -> None:
    path, out = tmp_path / "o.csv", tmp_path / "out"
    write(path, "id,when,paid\na,2024-12-01,15.299999999999999\na,2024-12-02,0.1\n")
    assert "exactly in 1 decimal" in rfm(path, out)
    assert customers_of(out)["monetary"].to_list() == [15.4]


MAP = """\
rules:
  Top: R >= 2 and F >= 2
  Recent: R >= 2 and F == 1
default: Others
"""


def test_a_map_of_ones_own_and_cut_points(orders_csv: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "map.yaml", MAP)
    arguments = ["rfm", orders_csv, *OPTIONS_OF_ORDERS, "--segments", path]
    cut_points = ["--cut-points", "recency=90", "--cut-points", "frequency=1, 5"]
    result = skseg_command(*arguments, *cut_points, "--out", tmp_path / "out", *FAST)
    assert result.exit_code == 0, result.output
    customers = customers_of(tmp_path / "out")
    expected = RFMSegmenter(
        {"Top": "R >= 2 and F >= 2", "Recent": "R >= 2 and F == 1"},
        cut_points={"recency": [90], "frequency": [1, 5]},
        default="Others",
    ).fit(customers)
    names = expected.segment_names_[expected.labels_]
    assert (customers["segment"] == names).all()
    is_recent = customers["recency"] <= 90
    assert (customers["segment"].isin(["Top", "Recent"]) == is_recent).all()


def test_a_map_of_ones_own_with_parameters(orders_csv: Path, tmp_path: Path) -> None:
    text = MAP.replace("R >= 2", "'R >= {recent}", 1).replace("F >= 2", "F >= 2'", 1)
    path = write(tmp_path / "map.yaml", f"{text}params: {{recent: 3}}\n")
    arguments = ["rfm", orders_csv, *OPTIONS_OF_ORDERS, "--segments", path]
    result = skseg_command(*arguments, "--out", tmp_path / "out", *FAST)
    assert result.exit_code == 0, result.output
    customers = customers_of(tmp_path / "out")
    is_top = (customers["R"] >= 3) & (customers["F"] >= 2)
    assert (customers["segment"].eq("Top") == is_top).all()


OPTIONS_OF_ORDERS = ["--customer", "customer_id", "--order", "order_id"]
OPTIONS_OF_ORDERS += ["--date", "date", "--amount", "amount", "--as-of", DAY]
OPTIONS_OF_ORDERS += ["--invalid", "exclude"]


@pytest.mark.parametrize("segments", ["grid", "seed", "putler", "r-rfm"])
@pytest.mark.parametrize("n_scores", [3, 4, 7, 10])
def test_shipped_maps_take_the_number_of_scores(
    segments: str, n_scores: int, orders_csv: Path, tmp_path: Path
) -> None:
    options = ["--segments", segments, "--n-scores", n_scores]
    arguments = ["rfm", orders_csv, *OPTIONS_OF_ORDERS, *options]
    result = skseg_command(*arguments, "--out", tmp_path, *FAST)
    assert result.exit_code == 0, result.output
    customers = customers_of(tmp_path)
    assert customers["R"].max() == n_scores
    expected = RFMSegmenter(segments, n_scores).fit(customers)
    assert (customers["segment_code"] == expected.labels_).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "rules: {Top: R >= 4, Any: R >= 1}\n",
            "declare what is meant: 'on_overlap: first' ",
        ),
        ("rules: {Top: R >= 4}\n", "declare what is meant: 'default: Others' "),
        (
            "rules: {Top: R >= 6}\ndefault: A\n",
            "change the number of scores with --n-scores or with --cut-points",
        ),
        ("rules: {Top: X >= 4}\ndefault: A\n", "map.yaml: Unknown column 'X'."),
        ("rule: {Top: R >= 4}\n", "map.yaml: Unknown key 'rule'"),
        ("Top\n", "map.yaml: It must hold keys with values"),
        ("rules: {Top: R >> 4}\n", "map.yaml: "),
        (
            "rules: {Top: 'R >= {t}'}\nparams: {t: 6}\ndefault: A\n",
            "change the number of scores with --n-scores or with --cut-points",
        ),
        (
            "rules: {Top: 'R >= {t}'}\ndefault: A\n",
            "map.yaml: The parameter 't' has no value in params",
        ),
    ],
)
def test_wrong_maps_are_refused_with_what_to_do(
    text: str, message: str, tiny: Path, tmp_path: Path
) -> None:
    path = write(tmp_path / "map.yaml", text)
    error = rfm(tiny, tmp_path / "out", "--segments", path)
    assert message in error
    for line in ("on_overlap: first", "default: Others"):
        if line in message:
            write(path, f"{text}{line}\n")
            assert "Files" in rfm(tiny, tmp_path / "out", "--segments", path)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("recency", "is not of the form recency=30,90,180,365"),
        ("age=3", "'age' is not one of 'recency', 'frequency', 'monetary'"),
        ("recency=a", "'a' is not a valid float"),
        (
            "recency=3,2",
            "--cut-points must be 1 to 9 finite cut points in rising order",
        ),
    ],
)
def test_wrong_cut_points_are_refused(
    value: str, message: str, tiny: Path, tmp_path: Path
) -> None:
    error = rfm(tiny, tmp_path / "out", "--cut-points", value)
    assert message in " ".join(error.split())


def test_a_file_that_can_be_read_only_once_is_read_once(
    tiny: Path, tmp_path: Path
) -> None:
    fifo = tmp_path / "orders"
    os.mkfifo(fifo)
    writer = os.fork()
    if not writer:
        fifo.write_bytes(gzip.compress(tiny.read_bytes()))
        os._exit(0)
    shown = rfm(fifo, tmp_path / "out")
    os.waitpid(writer, 0)
    assert "4 read, 4 used" in shown
