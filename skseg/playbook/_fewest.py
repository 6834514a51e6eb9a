"""The fewest traits that tell a segment from others: minimum hitting sets."""

from __future__ import annotations

import numpy as np

from skseg._typing import BoolArray, FloatArray, IntArray

# A segment has, or lacks, a trait clearly from this many margins on.
CLEAR = 0.5
# Most sets of traits that are pursued a level. Each says which other segments it tells
# apart, so that up to eleven segments none is ever left out.
_BEAM = 1024


def fewest_traits(margins: FloatArray) -> list[tuple[int, ...]]:
    """Return for each segment the fewest of its traits that no other segment has.

    Segments that have all traits of a segment are not told from it: their names say
    more. Where two segments differ clearly, only clear differences count. Among
    equally many traits those that are clear win, then the preferred ones.

    Parameters
    ----------
    margins : ndarray of shape (n_segments, n_traits)
        Margins by which segments have traits, the preferred traits first.

    Returns
    -------
    list of tuple of int of length n_segments
        Positions of traits; empty only where a segment has none.
    """
    return [_fewest(margins, segment) for segment in range(len(margins))]


def differences(margins: FloatArray, segment: int) -> BoolArray:
    """Return which of its traits tell a segment from each segment.

    Of shape (n_segments, n_traits). A row without any is that of a segment that has all
    of its traits, such as the segment itself.
    """
    plain = (margins[segment] > 0) & (margins <= 0)
    clear = (margins[segment] >= CLEAR) & (margins <= -CLEAR)
    traits: BoolArray = np.where(clear.any(axis=1)[:, np.newaxis], clear, plain)
    return traits


def _fewest(margins: FloatArray, segment: int) -> tuple[int, ...]:
    tells = differences(margins, segment)
    tells = tells[tells.any(axis=1)]
    held: IntArray = np.flatnonzero(margins[segment] > 0)
    # The clear ones first; both in the order of preference.
    order = [*held[margins[segment, held] >= CLEAR]]
    order += [*held[margins[segment, held] < CLEAR]]
    if not len(tells):
        return tuple(int(trait) for trait in order[:1])
    covers = {
        trait: sum(1 << row for row in np.flatnonzero(tells[:, trait]).tolist())
        for trait in order
    }
    place = {trait: place for place, trait in enumerate(order)}
    everyone = (1 << len(tells)) - 1
    # Set of segments that are told apart -> the preferred traits that do so.
    states: dict[int, tuple[int, ...]] = {0: ()}
    while everyone not in states:
        longer: dict[int, tuple[int, ...]] = {}
        for covered, chosen in states.items():
            for trait in order:
                union = covered | covers[trait]
                if union == covered:
                    continue
                new = tuple(sorted((*chosen, place[trait])))
                if union not in longer or new < longer[union]:
                    longer[union] = new
        best = sorted(longer, key=lambda s: (-s.bit_count(), longer[s]))[:_BEAM]
        states = {covered: longer[covered] for covered in best}
    return tuple(sorted(int(order[p]) for p in states[everyone]))
