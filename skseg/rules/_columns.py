"""Reading columns: what a frame holds becomes float64 with NaN, or codes of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.exceptions import MissingColumnError, RuleError

from ._array_column import ArrayColumn, as_array
from ._column_names import text_names
from ._date_column import DateArray

if TYPE_CHECKING:
    from ._series_column import SeriesColumn

# Containers that are no frames: reading them takes no narwhals.
_PLAIN = (np.ndarray, list, tuple, range, str, float, int)


class Columns:
    """The columns of a frame, mapping or array, read by name.

    The same column gives the same numbers, codes and missing values whatever holds it.

    Parameters
    ----------
    X : frame, mapping of str to sequence, or array of shape (n_rows, n_columns)
        pandas, polars, pyarrow or whatever narwhals reads. The columns of an array are
        called ``x0``, ``x1``, ...
    owner : str, default="The rule set"
        Who reads the columns, as the subject of error messages.

    Attributes
    ----------
    names : list of str
        The column names, in order.
    n_rows : int
        Number of rows.
    owner : str
        As given.

    Raises
    ------
    RuleError
        If `X` is none of these, two columns have one name, or columns differ in length.

    Examples
    --------
    >>> from skseg.rules import Columns
    >>> columns = Columns({"aov": [80, None], "plan": ["pro", "free"]})
    >>> columns.names, columns.n_rows
    (['aov', 'plan'], 2)
    >>> columns.numbers("aov")
    array([80., nan])
    """

    def __init__(self, X: Any, owner: str = "The rule set") -> None:
        self.owner = owner
        self._frame: Any = None
        self._values: dict[str, Any] = {}
        if isinstance(X, Mapping):
            columns = zip(text_names(X, owner), X.values(), strict=True)
            self._values = {name: self._one_column(name, v) for name, v in columns}
            lengths = {len(values) for values in self._values.values()}
            if len(lengths) > 1:
                raise RuleError(
                    f"The columns differ in length: {sorted(lengths)}.", owner=owner
                )
            self.n_rows = lengths.pop() if lengths else 0
            self.names = list(self._values)
            return
        # A text is the path of a table that is not in memory.
        if not isinstance(X, _PLAIN) or isinstance(X, str):
            from ._frames import read_frame

            self._frame = read_frame(X, owner)
        if self._frame is not None:
            self.n_rows, self.names = len(self._frame), list(self._frame.columns)
            return
        array = as_array(X)
        if array.ndim != 2:
            raise RuleError(
                "Rules read a frame, a mapping of columns or an array of shape "
                f"(n_rows, n_columns). Got {type(X).__name__} of shape {array.shape} "
                "instead.",
                owner=owner,
                value=X,
            )
        self.n_rows = len(array)
        self.names = [f"x{i}" for i in range(array.shape[1])]
        self._values = {name: array[:, i] for i, name in enumerate(self.names)}

    def _one_column(self, name: str, values: Any) -> Any:
        """Return the values of one column as a series or a one-dimensional array."""
        if not isinstance(values, _PLAIN):
            from ._frames import read_series

            series = read_series(values, self.owner, f"X[{name!r}]")
            if series is not None:
                return series
        array = as_array(values)
        if array.ndim == 1:
            return array
        advice = "To assign a single row of plain values, call RuleSet.assign_row."
        raise RuleError(
            f"Column {name!r} must be one-dimensional. Got "
            f"{type(values).__name__} of shape {array.shape} instead.",
            owner=self.owner,
            value=values,
            column=name,
            advice=None if array.ndim else advice,
        )

    def take(self, rows: IntArray) -> Columns:
        """Return a selection of rows.

        Parameters
        ----------
        rows : ndarray of int of shape (n_selected,)
            Positions of the rows, in the order wanted.

        Returns
        -------
        Columns
            The same columns at these rows.

        Examples
        --------
        >>> import numpy as np
        >>> from skseg.rules import Columns
        >>> Columns({"aov": [80, 40, 120]}).take(np.array([2, 0])).numbers("aov")
        array([120.,  80.])
        """
        if self._frame is not None:
            return Columns(self._frame[rows], self.owner)
        selection = {name: values[rows] for name, values in self._values.items()}
        return Columns(selection, self.owner)

    def require(self, names: list[str]) -> None:
        """Raise unless all of `names` are there.

        Parameters
        ----------
        names : list of str
            The columns that are needed.

        Raises
        ------
        MissingColumnError
            If any of them is absent; the message lists those that there are.

        Examples
        --------
        >>> from skseg.rules import Columns
        >>> Columns({"aov": [80]}).require(["aov"])
        """
        absent = [name for name in names if name not in self.names]
        if absent:
            raise MissingColumnError(self.owner, absent, self.names)

    def numbers(self, name: str) -> FloatArray:
        """Return a column as float64, missing values as NaN.

        Parameters
        ----------
        name : str
            The column.

        Returns
        -------
        ndarray of float64 of shape (n_rows,)
            The nearest float64 to each value; beyond float64, infinity.

        Raises
        ------
        RuleError
            If the column holds anything but numbers and missing values.

        Examples
        --------
        >>> from skseg.rules import Columns
        >>> Columns({"aov": [80, None, True]}).numbers("aov")
        array([80., nan,  1.])
        """
        return self._column(name).numbers()

    def dates(self, name: str) -> DateArray:
        """Return a column as moments without a time zone.

        Parameters
        ----------
        name : str
            The column: dates, moments, or text that holds ISO dates.

        Returns
        -------
        ndarray of datetime64[us] of shape (n_rows,)
            Days are their first moment; finer fractions are cut off; NaT for missing.

        Raises
        ------
        RuleError
            If the column holds anything else, or has a time zone.

        Examples
        --------
        >>> from skseg.rules import Columns
        >>> Columns({"day": ["2024-12-25", None]}).dates("day")
        array(['2024-12-25T00:00:00.000000',                        'NaT'],
              dtype='datetime64[us]')
        """
        return self._column(name).dates()

    def text_codes(self, name: str, values: Sequence[str]) -> IntArray:
        """Return each row's position in `values`.

        Parameters
        ----------
        name : str
            The column.
        values : sequence of str
            Different texts.

        Returns
        -------
        ndarray of int of shape (n_rows,)
            ``len(values)`` for any other text, ``len(values) + 1`` for a missing one.

        Raises
        ------
        RuleError
            If the column holds anything but text and missing values.

        Examples
        --------
        >>> from skseg.rules import Columns
        >>> plans = Columns({"plan": ["free", "pro", "trial", None]})
        >>> plans.text_codes("plan", ["pro", "free"])
        array([1, 0, 2, 3])
        """
        return self._column(name).text_codes(values)

    def boolean_codes(self, name: str) -> IntArray:
        """Return for each row whether a column of booleans is false, true or missing.

        Parameters
        ----------
        name : str
            The column.

        Returns
        -------
        ndarray of int of shape (n_rows,)
            0 for false, 1 for true, 2 for a missing value.

        Raises
        ------
        RuleError
            If a value is neither missing nor a boolean, the number 0 or 1, or a text
            that says so: true, false, 1, 0, 1.0 or 0.0, in any case.

        Examples
        --------
        >>> from skseg.rules import Columns
        >>> columns = Columns({"premium": [True, 0, "TRUE", None]})
        >>> columns.boolean_codes("premium")
        array([1, 0, 1, 2])
        """
        return self._column(name).boolean_codes()

    def is_text(self, name: str) -> bool:
        """Tell whether a column holds text; one without any value holds numbers.

        Parameters
        ----------
        name : str
            The column.

        Returns
        -------
        bool
            Whether any of its values is text.

        Examples
        --------
        >>> from skseg.rules import Columns
        >>> Columns({"plan": ["free", None]}).is_text("plan")
        True
        """
        return self._column(name).is_text()

    def levels(self, name: str) -> list[str]:
        """Return the different texts of a column, sorted.

        Parameters
        ----------
        name : str
            The column.

        Returns
        -------
        list of str
            Without missing values.

        Raises
        ------
        RuleError
            If the column holds anything but text and missing values.

        Examples
        --------
        >>> from skseg.rules import Columns
        >>> Columns({"plan": ["pro", "free", None, "pro"]}).levels("plan")
        ['free', 'pro']
        """
        return self._column(name).levels()

    def missing(self, name: str) -> BoolArray:
        """Return which rows of a column, of any type, are missing.

        Parameters
        ----------
        name : str
            The column.

        Returns
        -------
        ndarray of bool of shape (n_rows,)
            True for None, NaN, NULL, NaT and NA.

        Examples
        --------
        >>> from skseg.rules import Columns
        >>> Columns({"age": [30, None]}).missing("age")
        array([False,  True])
        """
        return self._column(name).missing()

    def _column(self, name: str) -> ArrayColumn | SeriesColumn:
        self.require([name])
        values = self._values[name] if self._frame is None else self._frame[name]
        if isinstance(values, np.ndarray):
            return ArrayColumn(self.owner, name, values)
        from ._series_column import SeriesColumn, decoded

        return SeriesColumn(self.owner, name, decoded(values))
