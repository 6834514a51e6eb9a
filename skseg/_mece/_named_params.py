"""Named parameters of rules as parameters of the estimator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from skseg.exceptions import InvalidDataError, did_you_mean


class NamedParamsMixin:
    """Mixin for estimators whose rules hold ``{name}``, with values in ``params``.

    Each is a parameter ``params__name``, so that a search can set it. To be named
    before scikit-learn's BaseEstimator, whose methods it extends.
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
        found: dict[str, Any] = super().get_params(deep=deep)  # type: ignore[misc]
        if deep and isinstance(self.params, Mapping):
            found |= {f"params__{name}": value for name, value in self.params.items()}
        return found

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
        prefix = "params__"
        own = {k: v for k, v in params.items() if not k.startswith(prefix)}
        super().set_params(**own)  # type: ignore[misc]
        named = {
            k.removeprefix(prefix): v for k, v in params.items() if k.startswith(prefix)
        }
        owner = type(self).__name__
        known = self.params if isinstance(self.params, Mapping) else {}
        for name in named:
            if name not in known:
                raise InvalidDataError(
                    f"{owner} has no parameter 'params__{name}': params={known!r} has "
                    f"no {name!r}.{did_you_mean(name, known)}"
                )
        if named:
            # A copy: the mapping belongs to the caller.
            self.params = {**known, **named}
        return self
