"""The command ``skseg``, and its commands that segment the customers of orders."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

import skseg

from ._file_format import FileFormat
from ._options import (
    FOLDER,
    SOURCE,
    check_day,
    check_time_zone,
    format_options,
    output_options,
    segments_option,
)
from ._rules_commands import rules
from ._wording import input_errors, option_terms

DEMO_DAY = "2025-01-01"


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 if all went well, 1 if a file could not be written or rules "
    "are refuted, 2 if an option, a file or the data in it cannot be used.",
)
@click.version_option(skseg.__version__, prog_name="skseg")
def app() -> None:
    """Customer segments as rules, proved to be a partition."""


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
@segments_option
@output_options
def demo(
    out: Path,
    customers: int,
    seed: int,
    segments: str,
    dialect: str,
    plots: bool,
    quiet: bool,
) -> None:
    """Generate the orders of a shop, and segment its customers.

    The generated customers are of known types, so that you can see which segments they
    end up in. The orders are as messy as real ones.
    """
    from skseg.datasets import make_orders

    from ._outputs import DEMO_FILES, check_folder, rfm_writers, write_files
    from ._rfm_run import run_rfm, shares_by_type
    from ._screens import show_next, show_outputs, show_rfm_run, show_types
    from ._terminal import make_console, show_heading, working

    console = make_console(quiet=quiet)
    with input_errors():
        check_folder(out, contents=DEMO_FILES)
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
                customer_id="customer_id",
                order_id="order_id",
                date="date",
                amount="amount",
                as_of=DEMO_DAY,
                invalid="exclude",
                segments=segments,
            )
    show_heading(console, "Generated")
    console.print(
        f"{len(orders):,} order lines of {customers:,} customers of "
        f"{types['type'].nunique()} types, with cancellations, orders of nobody, lines "
        f"of zero and orders on the same day (seed {seed})."
    )
    show_rfm_run(console, run)
    show_types(console, shares_by_type(run, types))
    writers = {
        "orders.csv": lambda path: orders.to_csv(path, index=False),
        **rfm_writers(run, dialect=dialect, plots=plots),
    }
    show_outputs(write_files(writers, out, contents=DEMO_FILES), quiet=quiet)
    show_next(console, _next_command(out))


def _next_command(folder: Path) -> list[str]:
    source = shlex.quote(str(folder / "orders.csv"))
    return [
        f"skseg rfm {source} --customer customer_id --order order_id",
        "--date date --amount amount",
        f"--as-of {DEMO_DAY} --invalid exclude --segments seed --out skseg-rfm",
    ]


@app.command()
@click.argument("orders", type=SOURCE)
@click.option("--customer", required=True, help="Column of the customer ids.")
@click.option("--date", required=True, help="Column of the dates, in ISO 8601.")
@click.option("--amount", required=True, help="Column of the amounts of money.")
@click.option(
    "--order",
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
    type=click.Choice(["raise", "exclude"]),
    default="raise",
    show_default=True,
    help="Whether lines that cannot be used end the run, or are left out and counted.",
)
@click.option(
    "--time-zone",
    callback=check_time_zone,
    help="Time zone in which to take the days of timestamps that have a time zone.",
)
@click.option(
    "--decimals",
    type=click.IntRange(0, 6),
    default=2,
    show_default=True,
    help="Decimals of an amount.",
)
@format_options
@segments_option
@output_options
def rfm(
    orders: Path,
    customer: str,
    date: str,
    amount: str,
    order: str | None,
    as_of: str,
    out: Path,
    invalid: str,
    time_zone: str | None,
    decimals: int,
    file_format: FileFormat,
    segments: str,
    dialect: str,
    plots: bool,
    quiet: bool,
) -> None:
    """Segment the customers in ORDERS, a CSV file of order lines.

    It may be compressed (.gz, .bz2, .xz, .zip). Ids are kept as they are written,
    leading zeros included.
    """
    from ._data_file import read_data_file
    from ._outputs import RFM_FILES, check_folder, rfm_writers, write_files
    from ._rfm_run import run_rfm
    from ._screens import show_outputs, show_rfm_run
    from ._terminal import make_console, reading, working

    with input_errors():
        check_folder(out, orders, contents=RFM_FILES)
        columns = [c for c in (customer, order, date, amount) if c is not None]
        with reading(orders, quiet=quiet) as file:
            data = read_data_file(orders, columns, file_format, file=file)
    ids = {customer, order or customer} - {date, amount}
    lines = data.with_ids(ids)
    work = working("Segmenting the customers", quiet=quiet)
    with input_errors(option_terms(data)), work:
        run = run_rfm(
            lines,
            customer_id=customer,
            order_id=order,
            date=date,
            amount=amount,
            as_of=as_of,
            invalid=invalid,
            time_zone=time_zone,
            decimals=decimals,
            segments=segments,
        )
    show_rfm_run(make_console(quiet=quiet), run)
    writers = rfm_writers(run, dialect=dialect, plots=plots)
    show_outputs(write_files(writers, out, contents=RFM_FILES), quiet=quiet)
