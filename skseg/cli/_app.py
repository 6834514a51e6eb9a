"""The commands."""

from __future__ import annotations

import datetime as dt
import re
import shlex
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import pandas as pd

import skseg
from skseg.datasets import make_orders

from ._files import ORDERS, Outputs, check_folder, write_outputs
from ._options import (
    FOLDER,
    SOURCE,
    errors_as_messages,
    format_options,
    output_options,
)
from ._orders_file import read_orders
from ._rules_commands import rules
from ._run import MAP_NAMES, RFMRun, run_rfm, shares_by_type
from ._screen import (
    make_console,
    reading,
    show_heading,
    show_next,
    show_outputs,
    show_run,
    show_types,
    working,
)

DEMO_DAY = "2025-01-01"
DEMO_COLUMNS = {
    "customer_id": "customer_id",
    "order_id": "order_id",
    "date": "date",
    "amount": "amount",
}


def in_terms_of_options(message: str) -> str:
    """Return a message of the library with its parameters as options."""
    message = message.replace("pass invalid='exclude'", "pass --invalid exclude")
    message = re.sub(r"The 'n_customers' parameter of \w+", "--customers", message)
    message = re.sub(
        r"The '(\w+?)(?:_id)?' parameter of rfm_table",
        lambda match: "--" + match[1].replace("_", "-"),
        message,
    )
    message = re.sub(r"\bdecimals=(\d)", r"--digits \1", message)
    # What is quoted is the name of a column.
    return re.sub(
        r"(?<!')\b(as_of|time_zone)\b",
        lambda match: "--" + match[1].replace("_", "-"),
        message,
    )


def _day(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if value != "latest":
        try:
            dt.datetime.fromisoformat(value)
        except ValueError:
            raise click.BadParameter(
                f"{value!r} is neither an ISO date, such as 2024-12-31, nor 'latest'."
            ) from None
    return value


def _time_zone(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    if value is not None:
        try:
            ZoneInfo(value)
        except (ValueError, OSError, KeyError):
            raise click.BadParameter(
                f"{value!r} is no time zone, such as Europe/Berlin."
            ) from None
    return value


segments_option = click.option(
    "--segments",
    type=click.Choice(MAP_NAMES),
    default="grid",
    show_default=True,
    help="The segment map.",
)


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

    The generated customers are of known types, so that you can see what the segments
    find. The orders are as messy as real ones.
    """
    console = make_console(quiet=quiet)
    with errors_as_messages(in_terms_of_options):
        check_folder(out)
        with working("Segmenting the customers of a generated shop", quiet=quiet):
            orders, types = make_orders(
                customers,
                as_of=DEMO_DAY,
                messy=True,
                random_state=seed,
                return_types=True,
            )
            run = run_rfm(
                orders,
                **DEMO_COLUMNS,
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
    show_run(console, run)
    show_types(console, shares_by_type(run, types))
    outputs = _write(run, out, dialect=dialect, plots=plots, orders=orders)
    show_outputs(outputs, quiet=quiet)
    show_next(console, _next_command(out))


def _next_command(folder: Path) -> list[str]:
    source = shlex.quote(str(folder / ORDERS))
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
    callback=_day,
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
    callback=_time_zone,
    help="Take the days of timestamps that have a time zone in this one.",
)
@click.option(
    "--digits",
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
    digits: int,
    sep: str,
    encoding: str,
    segments: str,
    dialect: str,
    plots: bool,
    quiet: bool,
) -> None:
    """Segment the customers in ORDERS, a CSV file of order lines.

    It may be compressed (.gz, .bz2, .xz, .zip). Ids are kept as they are written,
    leading zeros included.
    """
    console = make_console(quiet=quiet)
    with errors_as_messages(in_terms_of_options):
        check_folder(out, orders)
        with reading(orders, quiet=quiet) as file:
            lines = read_orders(
                orders,
                file=file,
                customer=customer,
                date=date,
                amount=amount,
                order=order,
                sep=sep,
                encoding=encoding,
            )
        with working("Segmenting the customers", quiet=quiet):
            run = run_rfm(
                lines,
                customer_id=customer,
                order_id=order,
                date=date,
                amount=amount,
                as_of=as_of,
                invalid=invalid,
                time_zone=time_zone,
                decimals=digits,
                segments=segments,
            )
    show_run(console, run)
    show_outputs(_write(run, out, dialect=dialect, plots=plots), quiet=quiet)


def _write(
    run: RFMRun,
    folder: Path,
    *,
    dialect: str,
    plots: bool,
    orders: pd.DataFrame | None = None,
) -> Outputs:
    try:
        outputs = write_outputs(run, folder, dialect=dialect, plots=plots)
        if orders is not None:
            orders.to_csv(folder / ORDERS, index=False)
            outputs.written.insert(0, folder / ORDERS)
    except OSError as error:
        raise click.ClickException(f"Cannot write to {folder}: {error}") from error
    return outputs
