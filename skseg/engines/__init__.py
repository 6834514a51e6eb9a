"""Tables that stay where they are: files, databases and clusters.

A segment is a rule, so it can be computed where the customers are. Estimators and
functions take such a table in place of a frame; what this module has says where it is.
"""

from ._files import scan_files
from ._open import is_table, open_table
from ._sql_table import sql_table
from ._table import Table

__all__ = ["Table", "is_table", "open_table", "scan_files", "sql_table"]
