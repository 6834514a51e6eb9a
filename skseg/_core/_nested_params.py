"""Nested names: the entries of a parameter that is a mapping or a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from skseg.exceptions import InvalidDataError, did_you_mean


@dataclass(frozen=True)
class MappingParam:
    """A parameter whose entries can be set one by one.

    `keys` are those that there can be; None: those of the mapping that was passed.
    `entries` returns the mapping that a value stands for, such as one number for all
    keys, and None for a value that has no entries.
    """

    keys: tuple[str, ...] | None = None
    entries: Callable[[Any], Mapping[str, Any] | None] = lambda value: (
        value if isinstance(value, Mapping) else None
    )


@dataclass(frozen=True)
class RecordParam:
    """A parameter that is an object with `get_params` and `set_params`.

    `default` makes the object that None stands for.
    """

    default: Callable[[], Any]


class NestedParamsMixin:
    """Mixin for estimators with parameters that are mappings or records.

    An entry is a parameter too, named ``parameter__entry``, so that a search can set
    it. The mixin extends methods of scikit-learn's BaseEstimator and stands before it.
    """

    _nested_params: ClassVar[Mapping[str, MappingParam | RecordParam]] = {}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters; the entries of mappings as ``parameter__entry``.

        Parameters
        ----------
        deep : bool, default=True
            Whether entries of mappings, and parameters of estimators inside, are listed
            one by one as well.

        Returns
        -------
        dict
            Name -> value.
        """
        params: dict[str, Any] = super().get_params(deep=deep)  # type: ignore[misc]
        if not deep:
            return params
        for name, kind in self._nested_params.items():
            value = params[name]
            if isinstance(kind, MappingParam):
                entries = kind.entries(value) or {}
            elif value is None:
                entries = kind.default().get_params()
            else:
                continue  # scikit-learn has listed those of an object
            params |= {f"{name}__{entry}": value for entry, value in entries.items()}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters; the entries of mappings as ``parameter__entry``.

        Parameters
        ----------
        **params : dict
            Name -> value. What was passed as a mapping belongs to the caller and is not
            changed: the parameter gets a new one.

        Returns
        -------
        estimator
            Itself.

        Raises
        ------
        ValueError
            If there is no such parameter or entry.
        """
        nested: dict[str, dict[str, Any]] = {}
        others = {}
        for key, value in params.items():
            name, delimiter, entry = key.partition("__")
            if delimiter and name in self._nested_params:
                nested.setdefault(name, {})[entry] = value
            else:
                others[key] = value
        super().set_params(**others)  # type: ignore[misc]
        for name, entries in nested.items():
            setattr(self, name, self._with_entries(name, entries))
        return self

    def _with_entries(self, name: str, entries: Mapping[str, Any]) -> Any:
        """Return the value of a parameter with some entries changed, or raise."""
        kind, value = self._nested_params[name], getattr(self, name)
        if isinstance(kind, RecordParam):
            record = kind.default() if value is None else value
            self._check_entries(name, entries, record.get_params())
            return type(record)(**{**record.get_params(), **entries})
        known = kind.entries(value)
        self._check_entries(name, entries, kind.keys or known or ())
        return {**(known or {}), **entries}

    def _check_entries(self, name: str, entries: Mapping[str, Any], known: Any) -> None:
        owner = type(self).__name__
        for entry in entries:
            if entry not in known:
                value, keys = getattr(self, name), ", ".join(map(repr, known))
                fact = f"the entries of {name}={value!r} are {keys}."
                hint = did_you_mean(entry, known)
                if not known:
                    fact = f"{name}={value!r} has no entries to set one by one."
                    hint = f" Pass {name} as a mapping that has the entry {entry!r}."
                raise InvalidDataError(
                    f"{owner} has no parameter '{name}__{entry}': {fact}{hint}",
                    owner=owner,
                    name=f"{name}__{entry}",
                    rule=f"a key of {name}",
                    value=entry,
                )
