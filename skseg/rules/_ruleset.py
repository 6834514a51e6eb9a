"""RuleSet: segments as ordered, named rules."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from skseg._html import html_table
from skseg._typing import BoolArray, IntArray
from skseg.engines._open import is_table
from skseg.exceptions import InvalidDataError, RuleError, did_you_mean, reworded

from ._columns import Columns
from ._evaluate import Evaluator
from ._labels import label_table, lazy_table
from ._language._conditions import (
    Kind,
    Rule,
    column_kinds,
    open_thresholds,
    resolve_rule,
)
from ._language._json import read_rule_set, write_json
from ._language._names import segment_text
from ._language._parse import parse
from ._language._thresholds import check_name, check_number
from ._proof._domain import wording
from ._proof._mece import verify
from ._proof._report import MECEReport
from ._proof._rewrite import disjoint_rules, simplified_rules
from ._quantile import QuantileFunction, QuantilesOf, column_quantiles, read_weight
from ._reserved_names import OUTSIDE
from ._row import RowAssigner
from ._unseen import unseen_values


def _parsed(rule: str | Rule, subject: str) -> Rule:
    try:
        return parse(rule)
    except RuleError as error:
        raise reworded(error, f"{subject}: {error}") from None


def _quantiles_in_memory_error(X: Any) -> InvalidDataError:
    return InvalidDataError(
        "RuleSet.resolve takes quantiles of rows in memory. Got a "
        f"{type(X).__name__}, a table that is not in memory.",
        owner="RuleSet.resolve",
        name="X",
        rule="in memory",
        value=type(X).__name__,
        advice="MECERuleSegmenter(rules).fit(X) resolves the quantiles of rules that "
        "are a partition, in rules_, where the rows are.",
    )


class RuleSet:
    """Ordered, named rules: what a fitted segmenter knows about its segments.

    The code of a segment is its position. Where several rules hold for a row, the first
    one gives the row its code; `verify` tells whether that can ever happen.

    Parameters
    ----------
    rules : mapping of str to (str or Rule)
        Segment name -> rule, in order.
    default : str, default=None
        Name of the segment of the rows for which no rule holds; it comes last. Without
        a default such rows get the code -1.
    universe : str or Rule, default=None
        The audience that the segments divide up. Rows for which it does not hold are
        outside: they get the code -1 and the name "outside", belong to no segment, and
        count neither in quantiles nor in the proof. None: all rows are inside.
    noise : str, default=None
        Name of the last rule if its rows are noise, such as those that DBSCAN puts in
        no cluster: a segment like the others, but with the code -1. It excludes a
        universe, since the rows outside of that have the code -1.

    Raises
    ------
    RuleError
        If a rule does not parse, a name is empty or used twice, a column is compared
        with numbers in one rule and text in another, or `noise` is not the last rule.

    Examples
    --------
    >>> from skseg.rules import RuleSet
    >>> rules = RuleSet(
    ...     {"VIP": "aov >= 120", "Core": "40 <= aov < 120"}, default="Small"
    ... )
    >>> rules.assign({"aov": [200.0, 15.0, 40.0, None]})
    array([0, 2, 1, 2])
    >>> print(rules)
    VIP: aov >= 120
    Core: 40 <= aov < 120
    Small: everyone else
    """

    def __init__(
        self,
        rules: Mapping[str, str | Rule],
        *,
        default: str | None = None,
        universe: str | Rule | None = None,
        noise: str | None = None,
    ) -> None:
        if not isinstance(rules, Mapping):
            raise RuleError(
                "The rules must be a mapping of names to rules. Got "
                f"{rules!r} instead.",
                owner="RuleSet",
                name="rules",
                rule="a mapping of names to rules",
                value=rules,
            )
        self._rules = {
            check_name(name, "A segment name"): _parsed(rule, f"Segment {name!r}")
            for name, rule in rules.items()
        }
        self._default = default
        self._universe = None if universe is None else _parsed(universe, "The universe")
        self._noise = noise
        if default is not None:
            check_name(default, "The name of the default segment")
            if default in self._rules:
                raise RuleError(
                    f"The default segment {default!r} has a rule already.",
                    owner="RuleSet",
                    name="default",
                    value=default,
                )
        if self._universe is not None and OUTSIDE in self.names:
            raise RuleError(
                f"No segment may be called {OUTSIDE!r}: that is the name of the rows "
                "outside of the universe.",
                owner="RuleSet",
                value=OUTSIDE,
                advice="Rename it.",
            )
        if noise is not None:
            self._check_noise(noise)
        self._kinds = column_kinds(self._all_rules)

    def _check_noise(self, noise: str) -> None:
        if noise not in self._rules or noise != next(reversed(self._rules)):
            raise RuleError(
                f"The noise must be the last of the rules, which are "
                f"{list(self._rules)}. Got {noise!r} instead.",
                owner="RuleSet",
                name="noise",
                value=noise,
            )
        if self._universe is not None:
            raise RuleError(
                "A rule set has a universe or noise, as the code -1 cannot mean both. "
                f"Got the universe {str(self._universe)!r} and the noise {noise!r}.",
                owner="RuleSet",
                name="noise",
                value=noise,
            )

    @property
    def rules(self) -> Mapping[str, Rule]:
        """Name -> rule, in order, the default left out."""
        return MappingProxyType(self._rules)

    @property
    def default(self) -> str | None:
        """Name of the segment of the rows for which no rule holds."""
        return self._default

    @property
    def universe(self) -> Rule | None:
        """The rule of the rows that the segments divide up; None for all rows."""
        return self._universe

    @property
    def noise(self) -> str | None:
        """Name of the segment with the code -1, which comes last."""
        return self._noise

    @property
    def _all_rules(self) -> tuple[Rule, ...]:
        return (
            *([] if self._universe is None else [self._universe]),
            *self._rules.values(),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Segment names: behind the rules the default, and noise as the last one."""
        default = [] if self._default is None else [self._default]
        if self._noise is None:
            return (*self._rules, *default)
        return (*list(self._rules)[:-1], *default, self._noise)

    @property
    def codes(self) -> tuple[int, ...]:
        """Segment codes in the order of `names`: their positions, and -1 for noise."""
        positions = range(len(self))
        return tuple(positions) if self._noise is None else (*positions[:-1], -1)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that universe and rules mention, in order of first appearance."""
        return tuple(self._kinds)

    @property
    def kinds(self) -> Mapping[str, Kind | None]:
        """Column -> its kind; None where only its absence is asked for.

        The kinds are "number", "text", "date" and "boolean".
        """
        return MappingProxyType(self._kinds)

    @property
    def is_resolved(self) -> bool:
        """Whether all thresholds are numbers or text, none a quantile."""
        return not any(True for _ in open_thresholds(self._all_rules))

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __getitem__(self, name: str) -> Rule:
        return self._rules[name]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RuleSet):
            return NotImplemented
        # The order of the rules is part of what they mean.
        return self._parts == other._parts

    def __hash__(self) -> int:
        return hash(self._parts)

    @property
    def _parts(self) -> tuple[Any, ...]:
        return tuple(self._rules.items()), self._default, self._universe, self._noise

    def __repr__(self) -> str:
        texts = {name: str(rule) for name, rule in self._rules.items()}
        further = ""
        if self._universe is not None:
            further = f", universe={str(self._universe)!r}"
        if self._noise is not None:
            further = f", noise={self._noise!r}"
        return f"RuleSet({texts!r}, default={self._default!r}{further})"

    def __getstate__(self) -> dict[str, Any]:
        # What is compiled on first use is compiled again in another process.
        return {
            name: value
            for name, value in self.__dict__.items()
            if not isinstance(getattr(type(self), name, None), cached_property)
        }

    def _repr_html_(self) -> str:
        texts = self.texts()
        rows = [(code, n, texts[n]) for n, code in zip(texts, self.codes, strict=True)]
        universe = self._universe
        caption = "" if universe is None else f"Universe: {universe}"
        return html_table(["code", "name", "rule"], rows, caption)

    def __str__(self) -> str:
        lines = [f"{segment_text(name)}: {t}" for name, t in self.texts().items()]
        if self._universe is not None:
            lines.insert(0, f"{OUTSIDE}: everyone but those for whom {self._universe}")
        return "\n".join(lines)

    @property
    def _cases(self) -> list[tuple[Rule, str, int]]:
        """Rule, name and code of the segments by precedence, the rows outside first."""
        codes = dict(zip(self.names, self.codes, strict=True))
        cases = [(rule, name, codes[name]) for name, rule in self._rules.items()]
        if self._universe is not None:
            cases.insert(0, (~self._universe, OUTSIDE, -1))
        return cases

    @property
    def _default_code(self) -> int:
        if self._default is None:
            return -1
        return self.codes[self.names.index(self._default)]

    @cached_property
    def _evaluator(self) -> Evaluator:
        return Evaluator(tuple(rule for rule, _, _ in self._cases))

    @cached_property
    def _codes_by_rule(self) -> list[int]:
        """Codes of the evaluator's rules, and of the rows for which none holds."""
        return [*(code for _, _, code in self._cases), self._default_code]

    @cached_property
    def _row_assigner(self) -> RowAssigner:
        evaluator = self._evaluator
        return RowAssigner(evaluator.rules, evaluator.axes, self._codes_by_rule)

    def assign(self, X: Any) -> IntArray:
        """Return the segment code of every row.

        Parameters
        ----------
        X : frame, mapping of str to sequence, or array of shape (n_rows, n_columns)
            pandas, polars, pyarrow or whatever narwhals reads. The columns of an array
            are called ``x0``, ``x1``, ...

        Returns
        -------
        ndarray of int of shape (n_rows,)
            Position in `names` of the first rule that holds; the default, or -1 without
            one, where none does. -1 for noise and outside of the universe.

        Raises
        ------
        RuleError
            If a column is missing or of the wrong kind, or a quantile is unresolved.

        Examples
        --------
        >>> from skseg.rules import RuleSet
        >>> RuleSet({"adult": "age >= 18"}).assign({"age": [30, 12, None]})
        array([ 0, -1, -1])
        """
        return self._evaluator.first_match(X, self._codes_by_rule)

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

        The engine that has the table assigns the segments, when its result is used: no
        row comes into memory here. They are those of `assign`. It needs the extra
        ``sql``, or ``spark``.

        Parameters
        ----------
        X : path, relation, lazy frame or Table
            A path or pattern of Parquet or CSV files, a relation of DuckDB, a DataFrame
            of Spark, a LazyFrame of polars, a table of ibis, or a `Table` of
            `skseg.engines`, such as `sql_table` returns.
        name : str, default="segment"
            The new column, which comes last.
        output : {"name", "code"}, default="name"
            What it holds. Rows without a segment get NULL or -1; those outside of the
            universe get 'outside' or -1; noise gets its name or -1.
        to : str or pathlib.Path, default=None
            Where to write the result: a Parquet or CSV file, or a table of the same
            database; Spark writes a folder of Parquet files or a table. The target is
            complete, or is not there, however the query ends.
        overwrite : bool, default=False
            Whether `to` may replace a file or table, which else is an error.

        Returns
        -------
        object or None
            What the engine's users know: for files and DuckDB a relation; for Spark a
            DataFrame; for polars a LazyFrame; for ibis a table; for `sql_table` a
            `Table`. None if it is written to a target.

        Raises
        ------
        MissingColumnError
            If the table lacks a column of the rules.
        RuleError
            If a column is of the wrong kind, a quantile is unresolved, or a name cannot
            be written in the engine's SQL.
        InvalidParameterError
            If the table has a column of the new name, or the target exists.
        InvalidDataError
            If `X` is in memory.
        MissingExtraError
            If a library is not installed.

        Examples
        --------
        >>> import duckdb
        >>> from skseg.rules import RuleSet
        >>> customers = duckdb.sql("SELECT * FROM (VALUES (200.0), (15.0)) AS t(aov)")
        >>> RuleSet({"VIP": "aov >= 120"}, default="Others").label(customers).fetchall()
        [(Decimal('200.0'), 'VIP'), (Decimal('15.0'), 'Others')]
        """
        table = lazy_table(X, self, "RuleSet")
        return label_table(
            self,
            table,
            name,
            output=output,
            to=to,
            overwrite=overwrite,
            owner="RuleSet",
        )

    def assign_row(self, row: Mapping[str, Any]) -> int:
        """Return the segment code of one row, in microseconds.

        The rules are compiled on the first call. Several threads may call it at once.

        Parameters
        ----------
        row : mapping of str to value
            Column name -> number, text, None or any other missing value. Further
            columns are ignored.

        Returns
        -------
        int
            What `assign` returns for a frame of this row.

        Raises
        ------
        RuleError
            If a value is of the wrong kind, or a quantile is unresolved.
        MissingColumnError
            If the row lacks a column of the rules.

        Examples
        --------
        >>> from skseg.rules import RuleSet
        >>> rules = RuleSet({"VIP": "aov >= 120"}, default="Others")
        >>> rules.assign_row({"aov": 200.0, "plan": "pro"})
        0
        """
        return self._row_assigner.assign(row)

    def membership(self, X: Any) -> BoolArray:
        """Return which segments every row satisfies.

        Parameters
        ----------
        X : frame, mapping of str to sequence, or array of shape (n_rows, n_columns)
            As in `assign`.

        Returns
        -------
        ndarray of bool of shape (n_rows, n_segments)
            Columns in the order of `names`. The default holds where no rule does;
            nothing holds outside of the universe.

        Raises
        ------
        RuleError
            As in `assign`.

        Examples
        --------
        >>> from skseg.rules import RuleSet
        >>> rules = RuleSet({"adult": "age >= 18", "senior": "age >= 65"})
        >>> rules.membership({"age": [70, 30, 12]})
        array([[ True,  True],
               [ True, False],
               [False, False]])
        """
        holds = self._evaluator.membership(X)
        if self._default is not None:
            # The first rule is that of the rows outside, so they are not default.
            holds = np.column_stack([holds, ~holds.any(axis=1)])
        if self._noise is not None and self._default is not None:
            holds[:, [-2, -1]] = holds[:, [-1, -2]]
        if self._universe is None:
            return holds
        return holds[:, 1:] & ~holds[:, :1]

    def inside(self, X: Any) -> BoolArray:
        """Return which rows lie in the universe; without one, all do.

        Parameters
        ----------
        X : frame, mapping of str to sequence, or array of shape (n_rows, n_columns)
            As in `assign`.

        Returns
        -------
        ndarray of bool of shape (n_rows,)
            True where the universe holds.

        Raises
        ------
        RuleError
            As in `assign`.

        Examples
        --------
        >>> from skseg.rules import RuleSet
        >>> RuleSet({"VIP": "aov >= 120"}, universe="aov > 0").inside({"aov": [0, 7]})
        array([False,  True])
        """
        columns = X if isinstance(X, Columns) else Columns(X)
        if self._universe is None:
            return np.ones(columns.n_rows, dtype=bool)
        return self._universe.evaluate(columns)

    def unseen_values(self, X: Any) -> dict[str, list[str]]:
        """Return the texts that the rules ask for and that no row of `X` holds.

        A typing error in a value makes a rule that holds for nobody, in silence.

        Parameters
        ----------
        X : frame, mapping of str to sequence, or array of shape (n_rows, n_columns)
            As in `assign`.

        Returns
        -------
        dict of str to list of str
            Column -> texts, in the order of the rules; without columns of which every
            text occurs.

        Raises
        ------
        RuleError
            If a column is missing or of the wrong kind.

        Examples
        --------
        >>> from skseg.rules import RuleSet
        >>> rules = RuleSet({"Fashion": "category in ['fashon', 'shoes']"})
        >>> rules.unseen_values({"category": ["fashion", "shoes", "toys"]})
        {'category': ['fashon']}
        """
        columns = X if isinstance(X, Columns) else Columns(X)
        columns.require(list(self.columns))
        return unseen_values(self._all_rules, columns)

    def resolve(self, X: Any, sample_weight: Any = None) -> RuleSet:
        """Return the rule set with every quantile replaced by its value in `X`.

        Quantiles of the universe are those of all rows, quantiles of the segments those
        of the rows inside.

        Parameters
        ----------
        X : frame, mapping of str to sequence, or array of shape (n_rows, n_columns)
            The data whose quantiles ``q(p)`` means.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight of each row; weight 3 counts as the row three times.

        Returns
        -------
        RuleSet
            Equal to this one but for the thresholds.

        Raises
        ------
        RuleError
            If a column is missing, or holds no value to take a quantile of; or if the
            weights are not one number for each row, finite and not negative.
        InvalidDataError
            If `X` is a table that is not in memory, as `label` takes it;
            `MECERuleSegmenter` resolves quantiles of such tables.

        Examples
        --------
        >>> from skseg.rules import RuleSet
        >>> rules = RuleSet({"VIP": "aov >= max(q(0.75), 120)"})
        >>> print(rules.resolve({"aov": [50, 90, 150, 400]}))
        VIP: aov >= 150
        """
        if is_table(X):
            raise _quantiles_in_memory_error(X)
        columns = X if isinstance(X, Columns) else Columns(X)
        columns.require(list(self.columns))
        weight = None
        if sample_weight is not None:
            weight = read_weight(sample_weight, columns.n_rows, "RuleSet.resolve")
        return self._resolved(column_quantiles(columns, weight))[0]

    def _resolved(
        self, quantiles_of: QuantilesOf
    ) -> tuple[RuleSet, QuantileFunction, QuantileFunction]:
        """Return `resolve`, with the quantiles of all rows and of those inside."""
        universe = self._universe
        of_all = quantiles_of([] if universe is None else [universe], None)
        if universe is not None:
            universe = resolve_rule(universe, of_all)
        inside = quantiles_of(list(self._rules.values()), universe)
        resolved = {n: resolve_rule(rule, inside) for n, rule in self._rules.items()}
        return self._rewritten(resolved, universe), of_all, inside

    def with_quantiles(self, quantiles: Mapping[str, Mapping[float, float]]) -> RuleSet:
        """Return the rule set with given values in place of every quantile.

        Parameters
        ----------
        quantiles : mapping of str to mapping of float to float
            Column -> level -> value, such as the ``quantiles`` of an overlap or a gap.

        Returns
        -------
        RuleSet
            Equal to this one but for the thresholds.

        Raises
        ------
        RuleError
            If a quantile of the rules has no value.

        Examples
        --------
        >>> from skseg.rules import RuleSet
        >>> rules = RuleSet({"VIP": "aov >= q(0.75)", "Small": "aov < 40"})
        >>> overlap = rules.verify().overlaps[0]
        >>> print(rules.with_quantiles(overlap.quantiles))
        VIP: aov >= 37
        Small: aov < 40
        """

        def value(name: str, level: float) -> float:
            try:
                return check_number(quantiles[name][level])
            except KeyError:
                raise RuleError(
                    f"q({level}) of column {name!r} has no value in the quantiles. Got "
                    f"{dict(quantiles)!r}.",
                    owner="RuleSet.with_quantiles",
                    name="quantiles",
                    value=quantiles,
                    column=name,
                ) from None

        universe = self._universe
        if universe is not None:
            universe = resolve_rule(universe, value)
        resolved = {n: resolve_rule(rule, value) for n, rule in self._rules.items()}
        return self._rewritten(resolved, universe)

    def verify(
        self, schema: Mapping[str, Any] | None = None, *, max_findings: int = 20
    ) -> MECEReport:
        """Prove or refute that the rules are a partition of all possible rows inside.

        The proof is about every row that could ever come, not about a sample:
        missing values, infinities and unseen categories included. Quantiles that are
        not resolved may be any values that rise with their levels: what is proved
        then holds after `resolve` with any data.

        Parameters
        ----------
        schema : mapping of str to (Domain or dict), default=None
            What is known of a column: whole numbers, bounds, a closed list of values,
            never missing. Columns not mentioned may hold anything.
        max_findings : int, default=20
            Largest number of overlaps, and of gaps, in the report.

        Returns
        -------
        MECEReport
            The verdict; for each overlap and gap a maximal box and a witness.

        Raises
        ------
        RuleError
            If the schema contradicts the rules, a single rule takes too many boxes, or
            a column's quantiles and numbers have too many orders.

        Notes
        -----
        Every column splits into elementary cells: points, open intervals, named
        values, any other value, missing. Rules become disjoint boxes of cells.
        Exclusion is decided by intersecting boxes pairwise, exhaustion by comparing
        their exact integer volume with that of the universe. A column compared with
        quantiles has the cells of every possible order of quantiles and numbers.

        Examples
        --------
        >>> from skseg.rules import RuleSet
        >>> rules = RuleSet({"small": "aov <= 40", "large": "aov >= 40"})
        >>> print(rules.verify())
        Not mutually exclusive: 1 pair overlaps.
          'small' and 'large' overlap where aov: {40}; for example aov=40
        Not collectively exhaustive.
          no rule holds where aov: missing; for example aov=missing
        >>> rules = RuleSet({"VIP": "aov >= q(0.75)", "Small": "aov < 40"})
        >>> rules.verify().overlaps[0].quantiles
        {'aov': {0.75: 37.0}}
        """
        return verify(self._rules, self._default, self._universe, schema, max_findings)

    def disjoint(self, schema: Mapping[str, Any] | None = None) -> RuleSet:
        """Return rules of which at most one holds, with the same segment for every row.

        A rule that earlier ones overlap is rewritten as a few boxes, so that the first
        match is the only one. A rule that no row reaches becomes ``False``.

        Parameters
        ----------
        schema : mapping of str to (Domain or dict), default=None
            As in `verify`; the result relies on it.

        Returns
        -------
        RuleSet
            The same names in the same order.

        Raises
        ------
        RuleError
            If a quantile is unresolved, and as in `verify`.

        Examples
        --------
        >>> from skseg.rules import RuleSet
        >>> print(RuleSet({"VIP": "aov >= 120", "Core": "aov >= 40"}).disjoint())
        VIP: aov >= 120
        Core: 40 <= aov < 120
        """
        return self._rewritten(disjoint_rules(self._rules, schema), self._universe)

    def simplify(self, schema: Mapping[str, Any] | None = None) -> RuleSet:
        """Return equivalent rules, each written as few plain boxes.

        Nested conditions, double bounds and redundant parts go; each rule keeps the
        rows that it holds for. A rule that holds for no row becomes ``False``.

        Parameters
        ----------
        schema : mapping of str to (Domain or dict), default=None
            As in `verify`; the result relies on it.

        Returns
        -------
        RuleSet
            The same names in the same order.

        Raises
        ------
        RuleError
            If a quantile is unresolved, and as in `verify`.

        Examples
        --------
        >>> from skseg.rules import RuleSet
        >>> rules = RuleSet({"Core": "not (aov < 40 or aov >= 120) and aov > 7"})
        >>> print(rules.simplify())
        Core: 40 <= aov < 120
        """
        return self._rewritten(simplified_rules(self._rules, schema), self._universe)

    def _rewritten(self, rules: Mapping[str, Rule], universe: Rule | None) -> RuleSet:
        return RuleSet(
            rules, default=self._default, universe=universe, noise=self._noise
        )

    def renamed(self, names: Mapping[str, str]) -> RuleSet:
        """Return the same rules, in the same order, under other names.

        Parameters
        ----------
        names : mapping of str to str
            Name -> new name; names that it lacks stay.

        Returns
        -------
        RuleSet
            With the default and the noise renamed as well.

        Raises
        ------
        RuleError
            If no segment has a name, or two segments would have the same.

        Examples
        --------
        >>> from skseg.rules import RuleSet
        >>> rules = RuleSet({"A": "aov >= 120"}, default="B")
        >>> print(rules.renamed({"A": "VIP"}))
        VIP: aov >= 120
        B: everyone else
        """
        for name in names:
            if name not in self.names:
                raise RuleError(
                    f"No segment is called {name!r}. The names are "
                    f"{', '.join(map(repr, self.names))}."
                    f"{did_you_mean(str(name), self.names)}",
                    owner="RuleSet.renamed",
                    name="names",
                    value=name,
                )
        new = {name: names.get(name, name) for name in self.names}
        for name in new.values():
            check_name(name, "A segment name")
            if list(new.values()).count(name) > 1:
                raise RuleError(
                    f"Two segments would be called {name!r}.",
                    owner="RuleSet.renamed",
                    name="names",
                    value=name,
                )
        return RuleSet(
            {new[name]: rule for name, rule in self._rules.items()},
            default=None if self._default is None else new[self._default],
            universe=self._universe,
            noise=None if self._noise is None else new[self._noise],
        )

    def texts(self) -> dict[str, str]:
        """Return every segment's rule as text.

        Returns
        -------
        dict of str to str
            Name -> text, in order; that of the default cannot be parsed.

        Examples
        --------
        >>> from skseg.rules import RuleSet
        >>> RuleSet({"VIP": "aov >= 120"}, default="Others").texts()
        {'VIP': 'aov >= 120', 'Others': 'everyone else'}
        """
        return self._by_name(str)

    def describe(self, schema: Mapping[str, Any] | None = None) -> dict[str, str]:
        """Return every segment in English.

        Parameters
        ----------
        schema : mapping of str to (Domain or dict), default=None
            As in `verify`. What it says of columns is not said again: of whole numbers
            a segment has "3 to 5" in place of "above 2 and at most 5", and of columns
            that are never missing there is no word.

        Returns
        -------
        dict of str to str
            Name -> clause, in order.

        Raises
        ------
        RuleError
            If the schema is not one.

        Examples
        --------
        >>> from skseg.rules import RuleSet
        >>> rules = RuleSet({"VIP": "2 < orders <= 5"}, default="Others")
        >>> rules.describe()
        {'VIP': 'orders is above 2 and at most 5', 'Others': 'everyone else'}
        >>> rules.describe({"orders": {"integer": True}})["VIP"]
        'orders is 3 to 5'
        """
        return self._by_name(wording(schema).english)

    def _by_name(self, write: Callable[[Rule], str]) -> dict[str, str]:
        return {
            name: write(self._rules[name]) if name in self._rules else "everyone else"
            for name in self.names
        }

    def to_json(self, *, indent: int | None = 2) -> str:
        """Return the rule set as JSON, without loss.

        Parameters
        ----------
        indent : int or None, default=2
            Spaces for each level; None writes one line.

        Returns
        -------
        str
            A JSON object with the rules as text, fit for editing by hand.

        Raises
        ------
        RuleError
            If a rule that a program has built is longer or deeper than text may be.

        Examples
        --------
        >>> from skseg.rules import RuleSet
        >>> print(RuleSet({"VIP": "aov >= 120"}, default="Others").to_json())
        {
          "format": "skseg.rules",
          "version": 1,
          "rules": [
            {
              "name": "VIP",
              "rule": "aov >= 120"
            }
          ],
          "default": "Others"
        }
        """
        return write_json(
            self._rules, self._default, self._universe, self._noise, indent
        )

    @classmethod
    def from_json(cls, source: str | os.PathLike[str]) -> RuleSet:
        """Read a rule set that `to_json` wrote.

        Parameters
        ----------
        source : str or pathlib.Path
            The JSON as text, or the path of a file with it. A str is never a path.

        Returns
        -------
        RuleSet
            Equal to the one that was written.

        Raises
        ------
        RuleError
            If this is no such JSON, or a rule in it is not a rule.
        OSError
            If the file cannot be opened.

        Examples
        --------
        >>> from skseg.rules import RuleSet
        >>> rules = RuleSet({"VIP": "aov >= 120"}, default="Others")
        >>> RuleSet.from_json(rules.to_json()) == rules
        True
        """
        return cls(**read_rule_set(source))

    def to_sql(
        self,
        dialect: str = "duckdb",
        *,
        output: str = "name",
        alias: str | None = None,
        types: Mapping[str, str] | None = None,
        empty_is_missing: bool = False,
    ) -> str:
        """Return the rule set as one SQL CASE expression.

        The expression gives the same segment as `assign` on every row, NULL, NaN,
        infinities and unseen categories included. It needs the extra ``sql``.

        Parameters
        ----------
        dialect : {"duckdb", "sqlite", "postgres", "mysql", "spark", "databricks", \
                "bigquery", "snowflake", "redshift", "tsql"}, default="duckdb"
            The SQL dialect; "mysql" is that of MariaDB, too. The first five are
            executed against `assign` in the tests. The warehouses, from "databricks"
            on, are not executed: `sql_check` proves them where you have one.
        output : {"name", "code"}, default="name"
            What the expression returns. Rows without a segment get NULL or -1; those
            outside of the universe get 'outside' or -1; noise gets its name or -1.
        alias : str, default=None
            Name of the resulting column.
        types : mapping of str to str, default=None
            Column -> its type, as the engine writes it, such as {"aov": "DOUBLE"}. The
            SQL of such a column is shorter and faster, since it need not tell which of
            all types the column has. Columns without a rule are ignored, and so are
            types that are not known here. SQLite knows the type of a value only.
        empty_is_missing : bool, default=False
            Whether empty text is a missing value, as in a table that SQLite has
            imported from a csv file. Only for "sqlite".

        Returns
        -------
        str
            An expression for a SELECT list, identifiers and values quoted.

        Raises
        ------
        RuleError
            If the dialect is not offered, a quantile is unresolved, a column is of a
            type that cannot hold what its rules compare it with, the engine cannot have
            a name or tell two names apart, or empty text is to be missing in a dialect
            other than "sqlite".
        MissingExtraError
            If sqlglot is not installed.

        Examples
        --------
        >>> from skseg.rules import RuleSet
        >>> print(RuleSet({"VIP": "plan == 'pro'"}).to_sql(alias="segment"))
        CASE WHEN SUBSTRING("plan", 1) COLLATE C = 'pro' THEN 'VIP' END AS "segment"
        """
        # sqlglot is an extra, so it is imported where it is used.
        from ._sql import ruleset_sql

        default = (self._default, self._default_code)
        return ruleset_sql(
            self._cases,
            default,
            dialect,
            output,
            alias,
            types=types,
            empty_is_missing=empty_is_missing,
        )

    def sql_check(
        self, dialect: str = "duckdb", *, types: Mapping[str, str] | None = None
    ) -> str:
        """Return a query that proves `to_sql` on an engine, over special values.

        It needs no table. Its rows are the values around every threshold, infinities,
        NaN and NULL where the engine has them, texts with blanks and in other case,
        each with the code that `assign` gives it. The query returns the rows to which
        the engine gives another code: none, where the SQL is right. It needs the extra
        ``sql``.

        Parameters
        ----------
        dialect : str, default="duckdb"
            The SQL dialect, as `to_sql` takes it.
        types : mapping of str to str, default=None
            Column -> its type, as the engine writes it; the values are cast to it.
            Else numbers are doubles, and dates are moments without a time zone.

        Returns
        -------
        str
            A SELECT statement. Its columns are those of the rules, then "expected" and
            "got" with the two codes.

        Raises
        ------
        RuleError
            As `to_sql` does.
        MissingExtraError
            If sqlglot is not installed.

        Notes
        -----
        All combinations of the values are checked up to 2,000 rows. Beyond, each value
        is checked beside the first ones of the other columns, and the remaining rows
        are combinations drawn at random, always the same ones.

        Examples
        --------
        >>> import duckdb
        >>> from skseg.rules import RuleSet
        >>> rules = RuleSet({"VIP": "aov >= 120 and plan == 'pro'"}, default="Others")
        >>> duckdb.sql(rules.sql_check("duckdb")).fetchall()
        []
        """
        # sqlglot is an extra, so it is imported where it is used.
        from ._sql import check_sql

        case = self.to_sql(dialect, output="code", types=types)
        return check_sql(
            self._kinds, self._all_rules, self.assign, case, dialect, types
        )
