"""Orders to one row per customer, and customers to named RFM segments."""

from ._features import customer_features
from ._segmenter import RFMSegmenter
from ._table import rfm_table
from ._table_report import RFMTableReport

__all__ = ["RFMSegmenter", "RFMTableReport", "customer_features", "rfm_table"]
