"""New names of segments: by old name, by code, as a list, or as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from skseg.exceptions import InvalidParameterError, did_you_mean
from skseg.rules._reserved_names import NOISE, OUTSIDE

_RULE = (
    "names that differ and are not empty: a mapping of names or codes to new names, a "
    "list of them by code, or the result of name_segments"
)


def new_names(owner: str, names: Any, codes: Mapping[str, int]) -> dict[str, str]:
    """Return old name -> new name, for the names that change; or raise."""
    by_code = {code: name for name, code in codes.items()}
    new: dict[str, str] = {}
    for key, name in _as_mapping(owner, names, codes).items():
        old = key if isinstance(key, str) else by_code.get(key)
        if old is None or old not in codes:
            rule = f"names or codes of segments: {', '.join(map(repr, codes))}"
            advice = did_you_mean(str(key), codes).strip() or None
            raise InvalidParameterError(owner, "names", rule, key, advice=advice)
        _check_new_name(owner, old, name)
        new[old] = str(name)
    result = [new.get(name, name) for name in codes]
    for name in result:
        if result.count(name) > 1:
            rule = "names that differ from those of all other segments"
            raise InvalidParameterError(owner, "names", rule, name)
    return {old: name for old, name in new.items() if old != name}


def _as_mapping(owner: str, names: Any, codes: Mapping[str, int]) -> Mapping[Any, Any]:
    """Return new names by old names or codes, however they are given; or raise."""
    if isinstance(names, pd.DataFrame) and {"code", "name"} <= {*names.columns}:
        pairs = zip(names["code"].tolist(), names["name"], strict=True)
        return {code: name for code, name in pairs if code >= 0}
    if isinstance(names, Sequence | np.ndarray) and not isinstance(names, str):
        n_free = sum(name not in (NOISE, OUTSIDE) for name in codes)
        if len(names) not in (len(codes), n_free):
            rule = f"of length {n_free}, one name a segment"
            raise InvalidParameterError(owner, "names", rule, names)
        return dict(zip(codes, names, strict=False))
    if not isinstance(names, Mapping):
        raise InvalidParameterError(owner, "names", _RULE, names)
    return names


def _check_new_name(owner: str, old: str, name: Any) -> None:
    """Raise for a name that is empty, or that rows in no segment have."""
    if not isinstance(name, str) or not name.strip() or "\0" in name:
        raise InvalidParameterError(owner, "names", _RULE, name)
    is_reserved = name.casefold() in (NOISE.casefold(), OUTSIDE.casefold())
    if name != old and (is_reserved or old == OUTSIDE):
        rule = f"without {NOISE!r} and {OUTSIDE!r}, which name rows in no segment"
        raise InvalidParameterError(owner, "names", rule, {old: name})
