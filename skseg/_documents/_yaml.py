"""YAML where PyYAML is installed."""

from __future__ import annotations

from typing import Any

from skseg.exceptions import MissingExtraError


def load_yaml(text: str) -> Any:
    """Return a text of YAML as plain data; see `_yaml_loader.load_yaml`."""
    try:
        from . import _yaml_loader
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "yaml":
            raise
        raise MissingExtraError("Reading YAML", "cli") from None
    return _yaml_loader.load_yaml(text)
