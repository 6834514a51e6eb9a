"""Where a warning points to: a line of the user, not one of ours."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import sklearn

# scikit-learn wraps methods such as ``transform``, and calls ``fit`` in searches.
_FOLDERS = tuple(
    f"{folder}{os.sep}"
    for folder in (Path(__file__).parents[1], Path(sklearn.__file__).parent)
)


def caller_level() -> int:
    """Return the `stacklevel` at which `warnings.warn` names the line of the user.

    It is called where the argument is written, so that neither decorators nor helpers
    in between have to be counted.
    """
    level, frame = 1, sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith(_FOLDERS):
        level, frame = level + 1, frame.f_back
    return level
