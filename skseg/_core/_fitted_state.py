"""Fitted state: set at the end of a fit, all at once, and read as one fit left it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import isfunction
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakValueDictionary

from sklearn.utils.validation import check_is_fitted

from ._seen_outcome import ATTRIBUTE, note_outcome

# Names of the attributes that the last fit has set.
_LEARNED = "_learned_attributes"
# Marks methods that read the state.
_READER = "_reads_fitted_state"
# Id -> draft, of all fits that run at the moment. That of an interrupted fit is gone
# with the draft itself, so no later object of the same id is taken for it.
_DRAFTS: WeakValueDictionary[int, Any] = WeakValueDictionary()

Estimator = TypeVar("Estimator")
Params = ParamSpec("Params")
Result = TypeVar("Result")


class FittedStateMixin:
    """Mixin for estimators whose ``fit`` changes all of their state, or nothing.

    ``fit``, that of a subclass included, runs on a draft: a copy of the estimator with
    its parameters, and without what an earlier fit has learned. What it has set becomes
    the state of the estimator at its end. So a fit that fails, or is interrupted,
    leaves the estimator as it was; nothing stays of an earlier fit; and other threads
    predict with the old state until the new one is whole.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        # Mixins of scikit-learn wrap methods here as well, and come first.
        super().__init_subclass__(**kwargs)
        if isfunction(fit := vars(cls).get("fit")):
            cls.fit = sets_state(fit)  # type: ignore[attr-defined]
        transform = vars(cls).get("transform")
        if isfunction(transform) and hasattr(transform, _READER):
            # The container of set_output gets the names of the fit that gave the rows.
            cls.transform = reads_state(transform)  # type: ignore[attr-defined]


def sets_state(
    method: Callable[Concatenate[Estimator, Params], Result],
) -> Callable[Concatenate[Estimator, Params], Result]:
    """Decorate a method that sets the fitted state anew, as ``fit`` does."""
    return _all_or_nothing(method, is_anew=True)


def updates_state(
    method: Callable[Concatenate[Estimator, Params], Result],
) -> Callable[Concatenate[Estimator, Params], Result]:
    """Decorate a method that changes some of the fitted state: all at once, or not.

    The method raises `NotFittedError` before there is a state.
    """
    return _all_or_nothing(method, is_anew=False)


def reads_state(
    method: Callable[Concatenate[Estimator, Params], Result],
) -> Callable[Concatenate[Estimator, Params], Result]:
    """Decorate a method that reads the fitted state: that of one fit from end to end.

    The method gets a shallow copy of the estimator, so it must not set attributes. It
    raises `NotFittedError` before there is a state.
    """

    @wraps(method)
    def of_one_fit(
        self: Estimator, /, *args: Params.args, **kwargs: Params.kwargs
    ) -> Result:
        return method(as_fitted(self), *args, **kwargs)

    setattr(of_one_fit, _READER, True)
    return of_one_fit


def as_fitted(estimator: Estimator) -> Estimator:
    """Return an estimator as its last fit left it, whatever other threads do to it.

    Raises `NotFittedError` if there was no fit. Estimators of other libraries come back
    as they are.
    """
    if _is_draft(estimator):
        return estimator
    is_ours = isinstance(estimator, FittedStateMixin)
    attributes = vars(estimator).copy() if is_ours else {}
    if _LEARNED not in attributes:
        # Asks for the tags, which read parameters.
        check_is_fitted(estimator)
    return _copy_with(estimator, attributes) if is_ours else estimator


def _all_or_nothing(
    method: Callable[Concatenate[Estimator, Params], Result], *, is_anew: bool
) -> Callable[Concatenate[Estimator, Params], Result]:
    """Return a method that sets attributes at its end, and only if it succeeds.

    With `is_anew` it starts without the attributes that earlier calls have set.
    """

    @wraps(method)
    def at_once(
        self: Estimator, /, *args: Params.args, **kwargs: Params.kwargs
    ) -> Result:
        if _is_draft(self):  # called by the fit of a subclass
            return method(self, *args, **kwargs)
        before = vars(self if is_anew else as_fitted(self)).copy()
        learned = frozenset(before.pop(_LEARNED, ()))
        if is_anew:
            before = {k: v for k, v in before.items() if k not in learned}
        draft = _copy_with(self, before)
        _DRAFTS[id(draft)] = draft
        try:
            result = method(draft, *args, **kwargs)
        finally:
            _DRAFTS.pop(id(draft), None)
        after = vars(draft)
        y = kwargs.get("y", args[1] if len(args) > 1 else None)
        if is_anew and y is not None:
            after[ATTRIBUTE] = note_outcome(y)
        new = {k: v for k, v in after.items() if k not in before or before[k] is not v}
        outdated = {*before} - {*after} | (learned if is_anew else set())
        kept = {k: v for k, v in vars(self).copy().items() if k not in outdated}
        record = sorted(new if is_anew else learned - outdated | {*new})
        # One assignment: no other thread, and no interrupt, sees a half of it.
        self.__dict__ = {**kept, **new, _LEARNED: record}
        return self if result is draft else result  # type: ignore[return-value]

    return at_once


def _is_draft(estimator: object) -> bool:
    return _DRAFTS.get(id(estimator)) is estimator


def _copy_with(estimator: Estimator, attributes: Mapping[str, Any]) -> Estimator:
    """Return an object of the same class with these attributes alone."""
    copy: Estimator = object.__new__(type(estimator))
    vars(copy).update(attributes)
    return copy
