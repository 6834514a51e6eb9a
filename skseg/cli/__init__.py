"""The command line; ``skseg --help`` documents it. It needs the extra ``cli``."""

from __future__ import annotations

import sys

from skseg.exceptions import MissingExtraError

from ._standard_streams import lasting_streams

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    with lasting_streams():
        try:
            from ._app import app

            # Commands import what they need, so that --help does not wait for it.
            app(prog_name="skseg")
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in ("click", "rich"):
                raise
            extra = MissingExtraError("The command line of skseg", "cli")
            end = SystemExit(f"Error: {extra}")
            sys.stderr.write(f"{end}\n")
            # Status 1, which a text stands for, would mean that rules are refuted.
            end.code = 2
            raise end from None
