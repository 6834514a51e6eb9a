"""Named parameters of rules as parameters of the estimator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from skseg.exceptions import InvalidDataError, did_you_mean

_PREFIX = "params__"


class NamedParamsMixin:
    """Mixin for estimators whose rules hold ``{name}``, with values in ``params``.

    Each of them is also a parameter ``params__name``, so that a search can set it. The
    mixin extends methods of scikit-learn's BaseEstimator and stands before it.
    """

    params: Mapping[str, Any] | None

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters; those of the rules as ``params__name``.

        Parameters
        ----------
        deep : bool, default=True
            Whether the named parameters of the rules are listed one by one as well.

        Returns
        -------
        dict
            Name -> value.
        """
        params: dict[str, Any] = super().get_params(deep=deep)  # type: ignore[misc]
        if deep and isinstance(self.params, Mapping):
            params |= {f"{_PREFIX}{name}": value for name, value in self.params.items()}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters; those of the rules as ``params__name``.

        Parameters
        ----------
        **params : dict
            Name -> value.

        Returns
        -------
        estimator
            Itself.

        Raises
        ------
        ValueError
            If there is no such parameter.
        """
        named = {
            key.removeprefix(_PREFIX): value
            for key, value in params.items()
            if key.startswith(_PREFIX)
        }
        others = {k: v for k, v in params.items() if not k.startswith(_PREFIX)}
        super().set_params(**others)  # type: ignore[misc]
        owner = type(self).__name__
        known = self.params if isinstance(self.params, Mapping) else {}
        for name in named:
            if name not in known:
                raise InvalidDataError(
                    f"{owner} has no parameter 'params__{name}': params={known!r} has "
                    f"no {name!r}.{did_you_mean(name, known)}",
                    owner=owner,
                    name=f"{_PREFIX}{name}",
                    rule="a key of params",
                    value=name,
                )
        if named:
            # The mapping belongs to the caller, and is not changed.
            self.params = {**known, **named}
        return self
