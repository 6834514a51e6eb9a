"""Silhouettes: exact, or estimated in time that is linear in the rows."""

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
