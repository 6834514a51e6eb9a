"""What estimators share: links to their pages; codes, names and table of segments."""

from __future__ import annotations

import os
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any

import numpy as np
import pandas as pd

from skseg._core._sums import group_sums
from skseg._typing import FloatArray, IntArray, ObjectArray
from skseg.engines import Table
from skseg.rules import RuleSet
from skseg.rules._labels import label_table, lazy_table
from skseg.rules._reserved_names import OUTSIDE

from ._fitted_state import FittedStateMixin, reads_state, sets_state
from ._fitted_tables import FittedTable
from ._in_memory import check_in_memory


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
        check_in_memory(type(self).__name__, "fit_predict", X)
        self.fit(X, y, **fit_params)  # type: ignore[attr-defined]
        return self.labels_

    @reads_state
    def label(
        self,
        X: Any,
        name: str = "segment",
        *,
        output: str = "name",
        to: str | os.PathLike[str] | None = None,
        overwrite: bool = False,
    ) -> Any:
        """Return a table that is not in memory with the segment of every row.

        The engine that has the table assigns the segments by ``rules_``: those of
        ``predict``.

        Parameters
        ----------
        X : path, relation, lazy frame or Table
            As in `skseg.rules.RuleSet.label`, with the columns of ``rules_``.
        name : str, default="segment"
            The new column, which comes last.
        output : {"name", "code"}, default="name"
            What it holds: names, or codes as ``predict`` gives them.
        to : str or pathlib.Path, default=None
            Where to write the result: a file, or a table of the same database. The
            target is complete, or is not there.
        overwrite : bool, default=False
            Whether `to` may replace a file or table, which else is an error.

        Returns
        -------
        object or None
            What the engine's users know, such as a relation of DuckDB or a DataFrame of
            Spark. None if it is written to a target.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If the table lacks a column, has one of the wrong kind or of the new name,
            if the target exists, or if `X` is in memory.
        MissingExtraError
            If a library is not installed.
        """
        owner = type(self).__name__
        table = lazy_table(X, self.rules_, owner)
        self._check_covered(table)
        return label_table(
            self.rules_,
            table,
            name,
            output=output,
            to=to,
            overwrite=overwrite,
            owner=owner,
        )

    def _check_covered(self, table: Table) -> None:
        """Raise if a row of a table has no segment where ``predict`` raises."""

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
