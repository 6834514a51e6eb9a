"""Exit statuses, by which scripts tell a verdict from a command that went wrong."""

from __future__ import annotations

import traceback
from typing import Any

import click

# As shells count the signal of Ctrl-C.
INTERRUPTED = 130
# As sysexits.h counts a fault in the program itself.
FAULT = 70

# What click shows, and missing modules: `main` knows which of them the extra brings.
_NO_FAULTS = (
    click.ClickException,
    click.Abort,
    click.exceptions.Exit,
    ModuleNotFoundError,
)


class CommandsWithStatus(click.Group):
    """Commands of which none ends with status 1 but by a verdict or a failed write.

    Python and click end with 1 when interrupted, or when an exception is not handled.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("Aborted!", err=True)
            ctx.exit(INTERRUPTED)
        except _NO_FAULTS:
            raise
        except Exception:  # Whatever else comes here is a fault of skseg.
            click.echo(traceback.format_exc(), err=True, nl=False)
            ctx.exit(FAULT)
