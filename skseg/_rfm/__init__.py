"""Orders to one row per customer, and customers to named RFM segments."""

from ._segmenter import RFMSegmenter
from ._table import rfm_table
from ._table_report import RFMTableReport

__all__ = ["RFMSegmenter", "RFMTableReport", "rfm_table"]
