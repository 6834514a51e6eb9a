"""The command ``skseg``, and its commands that segment the customers of orders."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import skseg
from skseg._files import Edited

from ._data_source import (
    DataSource,
    check_to_table,
    source_options,
    to_table_options,
)
from ._exit_status import CommandsWithStatus
from ._file_format import FileFormat
from ._options import (
    FOLDER,
    check_day,
    check_time_zone,
    format_options,
    output_options,
    read_decimals,
    read_invalid,
    segments_options,
)
from ._report_command import report
from ._rules_commands import rules
from ._wording import input_errors, option_terms

if TYPE_CHECKING:
    from skseg._rfm import RFMSegmenter

    from ._rfm_run import RFMRun

DEMO_DAY = "2025-01-01"


@click.group(
    cls=CommandsWithStatus,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 if all went well, 1 if a file could not be written or rules "
    "are refuted, 2 if an option, a file or the data in it cannot be used, 3 if all "
    "went well but could not be shown: standard output or error is closed, full or cut "
    "off.",
)
@click.version_option(skseg.__version__, prog_name="skseg")
def app() -> None:
    """Customer segments as rules, proved to be a partition."""


app.add_command(report)
app.add_command(rules)


@app.command()
@click.option(
    "--out",
    type=FOLDER,
    default=Path("skseg-demo"),
    show_default=True,
    help="Folder to write to.",
)
@click.option(
    "--customers",
    type=click.IntRange(10, 10_000_000),
    default=2000,
    show_default=True,
    help="How many customers to generate.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed."
)
@segments_options
@output_options
def demo(
    out: Path,
    customers: int,
    seed: int,
    segments: str | Path,
    n_scores: int,
    cut_points: dict[str, list[float]],
    dialect: str,
    plots: bool,
    spreadsheet_safe: bool,
    edited: Edited,
    quiet: bool,
) -> None:
    """Generate the orders of a shop, and segment its customers.

    The generated customers are of known types, so that you can see which segments they
    end up in. The orders are as messy as real ones.
    """
    from skseg.datasets import make_orders

    from ._outputs import DEMO_FILES, check_folder, write_files
    from ._rfm_run import run_rfm, segmenter_of, shares_by_type
    from ._screens import show_next, show_outputs, show_rfm_run, show_types
    from ._terminal import make_console, show_heading, working
    from ._writers import csv_writer, report_writer, rfm_writers

    with input_errors():
        check_folder(out, contents=DEMO_FILES, edited=edited)
        segmenter = segmenter_of(segments, n_scores, cut_points)
        with working("Segmenting the customers of a generated shop", quiet=quiet):
            orders, types = make_orders(
                customers,
                as_of=DEMO_DAY,
                messy=True,
                random_state=seed,
                return_truth=True,
            )
            run = run_rfm(
                orders,
                segmenter,
                map_file=segments if isinstance(segments, Path) else None,
                customer_id="customer_id",
                order_id="order_id",
                date="date",
                amount="amount",
                as_of=DEMO_DAY,
                invalid="exclude",
            )
    writers = {
        "orders.csv": csv_writer(lambda: orders, spreadsheet_safe=spreadsheet_safe),
        **rfm_writers(
            run, dialect=dialect, plots=plots, spreadsheet_safe=spreadsheet_safe
        ),
        "report.html": report_writer(run, title="Customers of a generated shop"),
    }
    outputs = write_files(writers, out, contents=DEMO_FILES, edited=edited)
    console = make_console(quiet=quiet)
    show_heading(console, "Generated")
    console.print(
        f"{len(orders):,} order lines of {customers:,} customers of "
        f"{types['type'].nunique()} types, with cancellations, orders of nobody, lines "
        f"of zero and orders on the same day (seed {seed})."
    )
    show_rfm_run(console, run)
    show_types(console, shares_by_type(run, types))
    show_outputs(outputs, quiet=quiet)
    show_next(console, _next_command(out))


def _next_command(folder: Path) -> list[str]:
    source = shlex.quote(str(folder / "orders.csv"))
    return [
        f"skseg rfm {source} --customer customer_id --order order_id",
        "--date date --amount amount",
        f"--as-of {DEMO_DAY} --invalid exclude --segments seed --out skseg-rfm",
    ]


@app.command()
@source_options("orders")
@click.option(
    "--customer", "customer_id", required=True, help="Column of the customer ids."
)
@click.option("--date", required=True, help="Column of the dates.")
@click.option("--amount", help="Column of the amounts of money.")
@click.option("--quantity", help="Column of quantities, in place of --amount.")
@click.option(
    "--price", help="Column of prices: the amount is the quantity times the price."
)
@click.option(
    "--order",
    "order_id",
    help="Column of the order ids. Without it every line counts as one order; give the "
    "date column to make one order of each day.",
)
@click.option(
    "--as-of",
    required=True,
    callback=check_day,
    help="The day to count from, such as 2024-12-31, or 'latest' for that of the last "
    "order.",
)
@click.option("--out", type=FOLDER, required=True, help="Folder to write to.")
@click.option(
    "--invalid",
    multiple=True,
    callback=read_invalid,
    metavar="[KIND=]ACTION",
    help="Whether rows that cannot be used end the run (raise, the default), or are "
    "left out and counted (exclude). May be given for kinds of such rows, as in "
    "date-after-as-of=exclude, and several times.",
)
@click.option(
    "--time-zone",
    callback=check_time_zone,
    help="Time zone in which to take the days of timestamps that have a time zone.",
)
@click.option(
    "--decimals",
    metavar="[auto|0..12]",
    callback=read_decimals,
    default="auto",
    show_default=True,
    help="Decimals of an amount: 'auto' is the fewest that hold all amounts.",
)
@click.option(
    "--rounding",
    type=click.Choice(["half_even", "half_up"]),
    help="Round amounts to --decimals, and count them.",
)
@format_options
@segments_options
@to_table_options
@output_options
def rfm(
    orders: DataSource,
    out: Path,
    memory_limit: str | None,
    to_table: str | None,
    overwrite: bool,
    file_format: FileFormat,
    segments: str | Path,
    n_scores: int,
    cut_points: dict[str, list[float]],
    dialect: str,
    plots: bool,
    spreadsheet_safe: bool,
    edited: Edited,
    quiet: bool,
    **parameters: Any,
) -> None:
    """Segment the customers in ORDERS, a file of order lines.

    It is CSV, which may be compressed (.gz, .bz2, .xz, .zip), Parquet or Excel (.xlsx);
    or a pattern of CSV or Parquet files in quotes, such as "orders/*.parquet"; or the
    lines are in a --table of a --database. Many lines stay on disk or in the database,
    and their customers alone come into memory. Ids are kept as they are written,
    leading zeros included.
    """
    from ._outputs import RFM_FILES, check_folder, write_files
    from ._rfm_run import segmenter_of
    from ._screens import show_outputs, show_rfm_run
    from ._terminal import make_console
    from ._writers import rfm_writers

    _check_amount_options(parameters)
    check_to_table(orders, to_table, overwrite=overwrite)
    names = ("customer_id", "order_id", "date", "amount", "quantity", "price")
    columns = {name: parameters[name] for name in names if parameters[name] is not None}
    sources = [*orders.files, *([segments] if isinstance(segments, Path) else [])]
    with input_errors():
        check_folder(out, *sources, contents=RFM_FILES, edited=edited)
        segmenter = segmenter_of(segments, n_scores, cut_points)
    parameters["map_file"] = segments if isinstance(segments, Path) else None
    for name in ("decimal", "thousands", "date_format"):
        parameters[name] = getattr(file_format, name)
    if orders.in_memory:
        run = _run_in_memory(
            orders.file, columns, file_format, segmenter, parameters, quiet=quiet
        )
    else:
        run = _run_where_orders_are(
            orders,
            columns,
            file_format,
            segmenter,
            parameters,
            memory_limit=memory_limit,
            to_table=to_table,
            overwrite=overwrite,
            quiet=quiet,
        )
    writers = rfm_writers(
        run, dialect=dialect, plots=plots, spreadsheet_safe=spreadsheet_safe
    )
    outputs = write_files(writers, out, contents=RFM_FILES, edited=edited)
    show_rfm_run(make_console(quiet=quiet), run)
    show_outputs(outputs, quiet=quiet)


def _run_in_memory(
    orders: Path,
    columns: Mapping[str, str],
    file_format: FileFormat,
    segmenter: RFMSegmenter,
    parameters: Mapping[str, Any],
    *,
    quiet: bool,
) -> RFMRun:
    from ._rfm_run import read_orders, run_rfm
    from ._terminal import reading, working

    with input_errors(), reading(orders, quiet=quiet) as file:
        data, lines = read_orders(orders, columns, file_format, file=file)
    work = working("Segmenting the customers", quiet=quiet)
    with input_errors(option_terms(data)), work:
        return run_rfm(lines, segmenter, **parameters)


def _run_where_orders_are(
    orders: DataSource,
    columns: Mapping[str, str],
    file_format: FileFormat,
    segmenter: RFMSegmenter,
    parameters: Mapping[str, Any],
    *,
    memory_limit: str | None,
    to_table: str | None,
    overwrite: bool,
    quiet: bool,
) -> RFMRun:
    from ._rfm_run import run_rfm, stored_orders, wanted_columns, write_table
    from ._stored_rows import stored_rows
    from ._terminal import working

    opened = stored_rows(
        orders,
        wanted_columns(columns),
        file_format,
        memory_limit=memory_limit,
        writable=to_table is not None,
    )
    work = working("Segmenting the customers", quiet=quiet)
    with input_errors(), work, opened as rows, input_errors(option_terms(rows)):
        run = run_rfm(stored_orders(rows, columns), segmenter, **parameters)
        if to_table is not None:
            write_table(run, rows.target(to_table), overwrite=overwrite)
        return run


def _check_amount_options(parameters: Mapping[str, Any]) -> None:
    factors = [parameters["quantity"], parameters["price"]]
    is_factored = parameters["amount"] is None
    if factors != [None, None] if not is_factored else None in factors:
        raise click.UsageError("Give --amount, or else both --quantity and --price.")
    if parameters["rounding"] is not None and parameters["decimals"] == "auto":
        raise click.UsageError("Give --decimals as well, to which --rounding rounds.")
