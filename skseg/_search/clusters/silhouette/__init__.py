"""Silhouettes in time that is linear in the rows: exact ones, and a fine estimate."""

from ._silhouette import (
    METRICS,
    N_REFERENCES,
    silhouette_widths,
    silhouette_widths_and_error,
)

__all__ = [
    "METRICS",
    "N_REFERENCES",
    "silhouette_widths",
    "silhouette_widths_and_error",
]
