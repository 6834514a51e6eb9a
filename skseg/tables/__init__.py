"""Files of rows, read as the commands read them."""

from ._read_table import read_table

__all__ = ["read_table"]
