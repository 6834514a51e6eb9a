"""The command line; ``skseg --help`` documents it. It needs the extra ``cli``."""

from __future__ import annotations

import sys

from skseg.exceptions import MissingExtraError

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        # A segment's name may hold what the terminal cannot show.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        from ._app import app

        # Commands import what they need, so that --help does not wait for it.
        app(prog_name="skseg")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("click", "rich"):
            raise
        sys.exit(f"Error: {MissingExtraError('The command line of skseg', 'cli')}")
