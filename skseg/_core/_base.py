"""What estimators share: links to their pages; codes, names and table of segments."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any

import numpy as np
import pandas as pd

from skseg._core._sums import group_sums
from skseg._typing import FloatArray, IntArray, ObjectArray
from skseg.rules import RuleSet
from skseg.rules._reserved_names import OUTSIDE

from ._fitted_state import FittedStateMixin, sets_state
from ._fitted_tables import FittedTable


class DocumentationLinkMixin:
    """Mixin that links an estimator's HTML to its page in the documentation.

    scikit-learn reads both attributes where it shows estimators in notebooks.
    """

    _doc_link_module = "skseg"

    @property
    def _doc_link_template(self) -> str:
        site = documentation_url()
        page = "api/generated/{estimator_module}.{estimator_name}.html"
        return f"{site}/{page}" if site else ""


@cache
def documentation_url() -> str | None:
    """Return the address that the package's metadata names, None if it names none."""
    try:
        links = metadata("skseg").get_all("Project-URL") or []
    except PackageNotFoundError:
        # A checkout that is on the path without being installed has no metadata.
        return None
    # Written as "Documentation, https://...".
    addresses = dict(link.split(", ", 1) for link in links)
    site = addresses.get("Documentation")
    return None if site is None else site.rstrip("/")


class SegmenterMixin(FittedStateMixin, DocumentationLinkMixin):
    """Mixin for estimators whose fitted result is a `RuleSet` in ``rules_``.

    The codes of ``labels_`` and ``predict`` are positions in ``segment_names_``.
    """

    rules_: RuleSet
    labels_: IntArray
    segments_ = FittedTable()

    @property
    def segment_names_(self) -> ObjectArray:
        """Segment names; a code is a position here, -1 for those outside included."""
        rules = self.rules_
        outside = [] if rules.universe is None else [OUTSIDE]
        return np.array([*rules.names, *outside], dtype=object)

    def _space_columns(self) -> list[str] | None:
        """Return the columns in which rows have distances; None for all of ``fit``."""
        return list(self.rules_.columns)

    @sets_state  # type: ignore[arg-type]
    def fit_predict(self, X: Any, y: Any = None, **fit_params: Any) -> IntArray:
        """Fit, and return the segment codes of the training rows.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Training rows, as in ``fit``.
        y : array-like of shape (n_rows,), default=None
            Outcome, as in ``fit``; not all segmenters have one.
        **fit_params : dict
            Further arguments of ``fit``.

        Returns
        -------
        ndarray of int of shape (n_rows,)
            Segment codes.
        """
        self.fit(X, y, **fit_params)  # type: ignore[attr-defined]
        return self.labels_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.allow_nan = True
        return tags


def segment_table(
    rules: RuleSet,
    codes: IntArray,
    sample_weight: FloatArray | None,
) -> pd.DataFrame:
    """Return one row per segment: code, name, rule text, size and share."""
    # Noise, the code -1, is the last row.
    rows_of_table = codes if rules.noise is None else codes % len(rules)
    sizes = group_sums(rows_of_table, sample_weight, len(rules))
    return pd.DataFrame(
        {
            "code": np.array(rules.codes, dtype=np.intp),
            "name": list(rules.names),
            "rule": list(rules.texts().values()),
            "n": sizes,
            "share": sizes / sizes.sum(),
        }
    )
