"""Which p-values are valid: what part each column has had in making the segments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from skseg._core._seen_columns import SeenColumns
from skseg._core._seen_outcome import digest_of
from skseg._typing import FloatArray

from ._features import Feature

RULE, SEEN, FREE, UNKNOWN = "rule", "seen", "free", "unknown"
# Rows of a first look, before all of them are compared.
FEW_ROWS = 500
# A column of fewer rows, or with fewer rows beside its most frequent value, is not
# taken for a copy: it may follow another one by chance.
_LEAST_ROWS = 8
_LEAST_VARIATION = 3
# Roles that a copy of a column of the first role cannot keep.
_WEAKER = {RULE: (SEEN, FREE, UNKNOWN), SEEN: (FREE,)}


@dataclass(frozen=True)
class Role:
    """The role of a feature, and the column or outcome that it is a copy of."""

    role: str
    copy_of: str = ""

    def allows_p_value(self, rows: str, *, is_traced: bool) -> bool:
        """Tell whether a test of independence from the segments is valid.

        `is_traced` tells that it is known of which columns the segments are made.
        """
        if self.role == FREE:
            return True
        return self.role in (SEEN, UNKNOWN) and rows == "fresh" and is_traced


def roles_of(
    features: Sequence[Feature], seen: SeenColumns | None, outcome: str | None
) -> dict[str, Role]:
    """Return the role of every feature.

    `outcome` is the feature that is the outcome. Without `seen`, for bare codes, all
    roles are unknown.
    """
    numbers = {feature.name: feature.numbers for feature in features}
    kinds = {feature.name: feature.kind for feature in features}
    return roles_by(
        list(kinds),
        seen,
        outcome,
        are_copies=lambda name, source: _are_copies(name, source, numbers, kinds),
        is_outcome=lambda name, digests: digest_of(numbers[name]) in digests,
    )


def roles_by(
    names: Sequence[str],
    seen: SeenColumns | None,
    outcome: str | None,
    *,
    are_copies: Callable[[str, str], bool],
    is_outcome: Callable[[str, Set[str]], bool | None],
) -> dict[str, Role]:
    """Return the role of every feature, from what is known of the columns.

    `are_copies` tells whether a column is a function of another one that keeps the
    order, or the other way round. `is_outcome` tells whether the values of a column
    have one of some digests, None where it cannot be told.
    """
    if seen is None:
        return {name: Role(UNKNOWN) for name in names}
    roles = {name: _role(name, seen, outcome, is_outcome) for name in names}
    for role in (RULE, SEEN):
        sources = [name for name in names if roles[name] == Role(role)]
        for name in names:
            if roles[name].role in _WEAKER[role]:
                copy_of = next((s for s in sources if are_copies(name, s)), None)
                if copy_of is not None:
                    roles[name] = Role(role, copy_of)
    return roles


def _role(
    name: str,
    seen: SeenColumns,
    outcome: str | None,
    is_outcome: Callable[[str, Set[str]], bool | None],
) -> Role:
    if seen.deciding is None or name in seen.deciding:
        return Role(RULE)
    if seen.seen is None:
        return Role(UNKNOWN)
    is_named = any(y.name == name for y in seen.outcomes)
    is_named |= seen.has_outcome and name == outcome
    if is_named or name in seen.seen:
        return Role(SEEN)
    digests = {y.digest for y in seen.outcomes} - {""}
    has_its_values = is_outcome(name, digests) if digests else False
    if has_its_values is None:
        return Role(UNKNOWN)
    if has_its_values:
        return Role(SEEN, "y")
    return Role(FREE)


def _are_copies(
    name: str,
    source: str,
    numbers: Mapping[str, FloatArray],
    kinds: Mapping[str, str],
) -> bool:
    """Tell whether one column is a function of the other that keeps the order.

    The same amount in another unit, a rank, an age band or a flag is such a function: a
    test of it would be one of the source. A first look at few rows rules most pairs
    out.
    """
    pairs: tuple[tuple[str, str], ...] = ((name, source), (source, name))
    step = max(len(numbers[name]) // FEW_ROWS, 1)
    for rows in (slice(None, None, step), slice(None)):
        pairs = tuple(
            (image, original)
            for image, original in pairs
            if is_function(
                numbers[image][rows],
                numbers[original][rows],
                kinds[image],
                kinds[original],
            )
        )
    return any(
        _are_no_chance(numbers[image], numbers[original], kinds[image], kinds[original])
        for image, original in pairs
    )


def is_function(
    images: FloatArray, originals: FloatArray, image_kind: str, original_kind: str
) -> bool:
    """Tell whether equal originals have equal images, and the order is kept."""
    is_known = ~(np.isnan(images) | np.isnan(originals))
    images, originals = images[is_known], originals[is_known]
    order = np.lexsort((images, originals))
    images, originals = images[order], originals[order]
    is_same = images[1:] == images[:-1]
    if not is_same[originals[1:] == originals[:-1]].all():
        return False
    if original_kind == "level":
        return True
    if image_kind == "number":
        is_up = images[1:] > images[:-1]
        return bool((is_same | is_up).all() or not is_up.any())
    # Each level is a range of the original.
    return bool(np.count_nonzero(~is_same) <= len(np.unique(images)) - 1)


class FunctionCounts(NamedTuple):
    """Counts of two columns, the original and its image, where both are known.

    `n_broken` originals have several images. From one original to the next larger one
    the image rises `n_up` times, falls `n_down` times and changes `n_changes` times.
    `n_most` rows have the most frequent image.
    """

    n_known: int
    n_originals: int
    n_images: int
    n_most: int
    n_broken: int = 0
    n_up: int = 0
    n_down: int = 0
    n_changes: int = 0

    def is_function(self, image_kind: str, original_kind: str) -> bool:
        """Tell what `is_function` tells of the columns themselves."""
        if self.n_broken:
            return False
        if original_kind == "level":
            return True
        if image_kind == "number":
            return not (self.n_up and self.n_down)
        return self.n_changes <= self.n_images - 1


def _are_no_chance(
    images: FloatArray, originals: FloatArray, image_kind: str, original_kind: str
) -> bool:
    """Tell what `is_no_chance` tells of the counts of two columns."""
    is_known = ~(np.isnan(images) | np.isnan(originals))
    _, counts = np.unique(images[is_known], return_counts=True)
    pair = FunctionCounts(
        n_known=int(is_known.sum()),
        n_originals=len(np.unique(originals[is_known])),
        n_images=len(counts),
        n_most=int(counts.max(initial=0)),
    )
    return is_no_chance(pair, image_kind, original_kind)


def is_no_chance(counts: FunctionCounts, image_kind: str, original_kind: str) -> bool:
    """Tell whether there are too many rows for a function by chance.

    A column that hardly varies follows every other one, and a text that is different in
    nearly every row, such as an identifier, follows and determines every column.
    """
    n_known = counts.n_known
    if counts.n_images < 2 or n_known < _LEAST_ROWS:
        return False
    if n_known - counts.n_most < _LEAST_VARIATION:
        return False
    n_repeats = [
        n_known - n_distinct
        for n_distinct, kind in (
            (counts.n_images, image_kind),
            (counts.n_originals, original_kind),
        )
        if kind == "level"
    ]
    return min(n_repeats, default=_LEAST_ROWS) >= _LEAST_ROWS
