"""`rfm_table` of tables that are not in memory: computed where they are.

One query counts the transactions that cannot be used, and what the amounts need: the
account. A second one, which is not run here, is the table. What plain arithmetic does
not settle, such as texts, is fetched once a value, read by the code for frames, and
sent back with the query, so that nothing is read in two ways.
"""

from ._customers import Customers, read_customers

__all__ = ["Customers", "read_customers"]
