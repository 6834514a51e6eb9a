"""The command ``skseg``."""

from __future__ import annotations

import click

import skseg

from ._rfm_commands import demo, rfm
from ._rules_commands import rules


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 if all went well, 1 if a file could not be written or rules "
    "are refuted, 2 if an option, a file or the data in it cannot be used.",
)
@click.version_option(skseg.__version__, prog_name="skseg")
def app() -> None:
    """Customer segments as rules, proved to be a partition."""


for command in (demo, rfm, rules):
    app.add_command(command)
