"""What `transform` of a segmenter gives: one contract for all of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.base import TransformerMixin
from sklearn.utils._set_output import _get_output_config

from skseg._typing import FloatArray, IntArray, ObjectArray
from skseg.rules import RuleSet
from skseg.rules._reserved_names import OUTSIDE

from ._fitted_state import FittedStateMixin, reads_state, sets_state
from ._in_memory import check_in_memory
from ._validation import check_choice

# Name of the column of encode="ordinal".
SEGMENT = "segment"


@dataclass(frozen=True)
class SegmentEncoding:
    """How the codes of rows become columns.

    `names` are those of the segments that rows can be in, noise and outside included;
    `codes` are theirs, -1 for noise and outside.
    """

    encode: str
    names: ObjectArray
    codes: IntArray

    @classmethod
    def of_rules(
        cls, encode: str, rules: RuleSet, unreachable: Collection[str] = ()
    ) -> SegmentEncoding:
        """Return the encoding of the segments of a rule set that rows can be in."""
        names, codes = [*rules.names], [*rules.codes]
        if rules.universe is not None:
            names, codes = [*names, OUTSIDE], [*codes, -1]
        possible = [place for place, n in enumerate(names) if n not in unreachable]
        return cls(
            encode,
            np.array([names[place] for place in possible], dtype=object),
            np.array([codes[place] for place in possible], dtype=np.intp),
        )

    @classmethod
    def of_names(
        cls, encode: str, names: Sequence[str], n_segments: int
    ) -> SegmentEncoding:
        """Return the encoding of codes that are positions; a name beyond them is -1."""
        codes = [*range(n_segments), -1][: len(names)]
        return cls(
            encode, np.array(names, dtype=object), np.array(codes, dtype=np.intp)
        )

    @property
    def is_of_codes(self) -> bool:
        """Whether the columns follow from the codes of the rows."""
        return self.encode in ("onehot", "ordinal")

    @property
    def columns(self) -> ObjectArray:
        """Names of the columns."""
        if self.encode == "onehot":
            return self.names
        return np.array([SEGMENT], dtype=object)

    def encoded(self, codes: IntArray, container: str, X: Any) -> Any:
        """Return the columns of rows with these codes, as `container` asks for.

        `container` is that of `set_output`. Frames of pandas and polars hold the names
        as categories, and the first has the index of `X`.
        """
        if self.encode == "onehot":
            flags: FloatArray = (codes[:, np.newaxis] == self.codes).astype(np.float64)
            return flags
        if container == "default":
            return codes.astype(np.float64)[:, np.newaxis]
        # Codes rise, but for that of noise and outside, which is the last one.
        last = len(self.codes) - 1
        order = np.argsort(self.codes)
        places = order[np.searchsorted(self.codes, codes, sorter=order).clip(0, last)]
        if container == "polars":
            import polars as pl

            categories = pl.Enum(self.names.tolist())
            return pl.DataFrame({SEGMENT: self.names[places]}, {SEGMENT: categories})
        names = pd.Categorical.from_codes(places, categories=pd.Index(self.names))
        index = X.index if isinstance(X, pd.DataFrame | pd.Series) else None
        return pd.DataFrame({SEGMENT: names}, index=index)


class SegmentEncoderMixin(FittedStateMixin, TransformerMixin):
    """Mixin for segmenters with `predict`, whose `transform` gives what `encode` says.

    A subclass lists its encodings, checks `encode` in ``fit``, and sets ``_encoding``
    there. For encodings that do not follow from codes it says how `_features` and
    `_feature_names` make them. If it learns from the outcome, `_training_codes` gives
    the codes of the training rows by models that have not seen theirs, and
    `_training_features` the columns of encodings that do not follow from codes.
    """

    _encodings: ClassVar[tuple[str, ...]] = ("onehot", "ordinal")

    encode: str
    _encoding: SegmentEncoding

    def _check_encode(self) -> None:
        check_choice(type(self).__name__, "encode", self.encode, self._encodings)

    def _codes(self, X: Any) -> IntArray:
        """Return the codes of rows; overridden where ``predict`` gives no codes."""
        codes: IntArray = self.predict(X)
        return codes

    def _features(self, X: Any) -> FloatArray:
        """Return the columns of an encoding that does not follow from the codes."""
        raise NotImplementedError

    def _feature_names(self) -> Sequence[str]:
        """Return the names of the columns of `_features`."""
        raise NotImplementedError

    def _training_codes(
        self, X: Any, y: Any, fit_params: dict[str, Any]
    ) -> IntArray | None:
        """Return cross-fitted codes of the rows of this fit, None where none differ."""
        return None

    def _training_features(
        self, X: Any, y: Any, fit_params: dict[str, Any]
    ) -> FloatArray | None:
        """Return cross-fitted `_features` of the rows of this fit, None as above."""
        return None

    @reads_state
    def transform(self, X: Any) -> Any:
        """Return rows as the columns that `encode` asks for.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Columns as in `fit`.

        Returns
        -------
        ndarray of float of shape (n_rows, n_columns_out)
            What `encode` says; `get_feature_names_out` names the columns.
            ``set_output`` gives a frame, in which ``encode="ordinal"`` is a column of
            categories: the names of the segments.

        Raises
        ------
        NotFittedError
            If there was no `fit`.
        ValueError
            If the columns are not those of `fit`.
        """
        if self._encoding.is_of_codes:
            return self._encoded(self._codes(X), X)
        return self._features(X)

    @sets_state  # type: ignore[arg-type]
    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Fit, and return the training rows as the columns that `encode` asks for.

        A segmenter that learns from the outcome gives cross-fitted rows, as
        `TargetEncoder` does: the segment of a row is that of a model which has not seen
        the outcome of this row. What follows in a pipeline would otherwise learn from
        segments that know it. They differ from ``fit(X, y).transform(X)``, which treats
        all rows as new ones. Segmenters that do not learn from the outcome give the
        same in both ways.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Training rows, as in `fit`.
        y : array-like of shape (n_rows,), default=None
            Outcome, as in `fit`.
        **fit_params : dict
            Further arguments of `fit`.

        Returns
        -------
        ndarray of float of shape (n_rows, n_columns_out)
            As `transform` gives; ``set_output`` gives a frame.

        Raises
        ------
        ValueError
            As in `fit`.
        """
        check_in_memory(type(self).__name__, "fit_transform", X)
        self.fit(X, y, **fit_params)
        if self._encoding.is_of_codes:
            codes = self._training_codes(X, y, fit_params)
            if codes is not None:
                return self._encoded(codes, X)
        else:
            features = self._training_features(X, y, fit_params)
            if features is not None:
                return features
        return self.transform(X)

    @reads_state
    def get_feature_names_out(self, input_features: Any = None) -> ObjectArray:
        """Return the names of the columns of `transform`.

        Parameters
        ----------
        input_features : Ignored
            Present for the API of scikit-learn.

        Returns
        -------
        ndarray of str
            One name per column: those of the segments for ``encode="onehot"``,
            "segment" for ``encode="ordinal"``.
        """
        if self._encoding.is_of_codes:
            return self._encoding.columns
        return np.array([*self._feature_names()], dtype=object)

    def _encoded(self, codes: IntArray, X: Any) -> Any:
        container = _get_output_config("transform", self)["dense"]
        return self._encoding.encoded(codes, container, X)
