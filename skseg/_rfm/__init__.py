"""Orders to one row per customer, and customers to named RFM segments."""

from ._segmenter import RFMSegmenter
from ._table import RFMTableReport, rfm_table

__all__ = ["RFMSegmenter", "RFMTableReport", "rfm_table"]
