"""name_segments: names that say what is special about each segment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from skseg._typing import FloatArray
from skseg.profile import SegmentProfile
from skseg.profile._profile import check_profile
from skseg.rules._reserved_names import NOISE, OUTSIDE

from ._candidates import candidate_traits, number_text, tables_of
from ._fewest import fewest_traits
from ._previous_names import read_previous, traits_still_true
from ._traits import OWNER, read_traits

_RESERVED = {NOISE.casefold(), OUTSIDE.casefold()}


def name_segments(
    profile: SegmentProfile, traits: Any = None, *, previous: Any = None
) -> pd.DataFrame:
    """Name segments by the fewest traits that no other segment has.

    Parameters
    ----------
    profile : SegmentProfile
        The segments, as `profile_segments` returns them. Numbers that it does not show,
        since too few customers share them, give no trait.
    traits : mapping or pathlib.Path, default=None
        Words and thresholds: a mapping, or a YAML (extra ``cli``) or JSON file with the
        keys below. None: those that the package ships. What a document leaves out is
        taken from these.

        - ``thresholds``: ``high`` and ``very_high``, which the median rank of a segment
          has to reach (for low ones, 1 less that rank); ``rank_effect``, the least
          effect against all others; ``level_share`` and ``level_difference``, the least
          share of a level and the least difference of that to all others;
          ``value_ratio``, of the share of value to that of customers; and ``margin``,
          see Notes.
        - ``features``: a list of objects with ``columns`` (names that a column may
          have, in any case) and words for ``high``, ``low``, ``very_high`` and
          ``very_low``.
        - ``levels``: a list of objects with ``column``, ``level`` and ``words``.
        - ``value``: words for a ``high`` and ``low`` share of the value.
        - ``fallback``: words for all other columns, with ``{column}`` and ``{level}``.
        - ``none``: the name of a segment without any trait.
    previous : mapping of int to str, or DataFrame, default=None
        Earlier names by the codes of this profile, or what `name_segments` returned
        for the same codes. A segment keeps its earlier name if it still has these
        traits and no other segment has all of them, even if fewer traits would do.
        After a new fit `match_segments` says which code was which. Codes that the
        profile lacks are those of segments that are gone, and name nothing.

    Returns
    -------
    DataFrame of shape (n_segments, 5)
        One row per segment, in the order of the profile: code, segment (the name in the
        profile), name, n_traits and evidence, the numbers that make the traits true:
        a median against that of everyone, or a share against that of everyone. Names
        are never empty and never equal. Noise, outside and segments without a customer
        keep theirs.

    Raises
    ------
    InvalidParameterError
        If the profile is none, `traits` is neither mapping nor path, or `previous` is
        no names by code.
    RuleError
        If the document has an unknown key, or a value that cannot be.

    See Also
    --------
    rename_segments : Give these names to a fitted segmenter.

    Notes
    -----
    A name has the fewest traits which together no other segment has, except for
    segments that have all traits of the segment and further ones, whose names say so: a
    minimum hitting set, found exactly for up to eleven segments.

    Names must not change with every refit. So the thresholds of ranks move, by less
    than ``margin``, to the middle of the widest gap between segments; segments that
    differ by a wide margin are told apart by that alone; and of equally many traits
    those with a wide margin are taken, then those that come first in the document.
    Where two names are about equally good, a refit may still swap them: give the
    names of last time as `previous`.

    Segments with the same traits are told apart by the column in which their medians
    are furthest apart ("higher age"). Where there is none, they are numbered, and the
    evidence says that nothing else tells them apart.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skseg.playbook import name_segments
    >>> from skseg.profile import profile_segments
    >>> rng = np.random.default_rng(0)
    >>> codes = np.repeat([0, 1, 2], 100)
    >>> X = pd.DataFrame(
    ...     {
    ...         "monetary": np.array([50, 60, 400])[codes] + rng.normal(size=300),
    ...         "recency": np.array([10, 200, 12])[codes] + rng.normal(size=300),
    ...     }
    ... )
    >>> name_segments(profile_segments(codes, X))[["code", "name"]]
       code           name
    0     0      Low spend
    1     1  Long inactive
    2     2     High spend
    """
    check_profile(OWNER, profile)
    document = read_traits(traits)
    table = profile.segments_
    is_named = (table["code"] >= 0) & (table["n"] > 0)
    codes = table.loc[is_named, "code"].tolist()
    earlier = read_previous(OWNER, previous)
    names, n_traits, evidence = _named(profile, codes, document, earlier)
    names = _numbered(names, table.loc[~is_named, "name"].tolist(), evidence)
    segments = table["name"].tolist()
    named, counts, texts = [*segments], [0] * len(segments), [""] * len(segments)
    places = np.flatnonzero(is_named).tolist()
    for place, name, n, facts in zip(places, names, n_traits, evidence, strict=True):
        named[place], counts[place], texts[place] = name, n, "; ".join(facts)
    return pd.DataFrame(
        {
            "code": table["code"].to_numpy(),
            "segment": segments,
            "name": named,
            "n_traits": counts,
            "evidence": texts,
        }
    )


def _named(
    profile: SegmentProfile,
    codes: list[int],
    document: dict[str, Any],
    earlier: Mapping[int, str],
) -> tuple[list[str], list[int], list[list[str]]]:
    """Return names that differ where traits do, numbers of traits, and evidence."""
    traits = candidate_traits(profile, codes, document)
    margins = np.array([trait.margins for trait in traits]).reshape(-1, len(codes)).T
    chosen = fewest_traits(margins)
    names = [
        _phrase([traits[i].words for i in places]) or document["none"]
        for places in chosen
    ]
    words = [trait.words for trait in traits]
    for segment, code in enumerate(codes):
        name = earlier.get(code, "")
        places = traits_still_true(name, segment, words, margins)
        if places:
            names[segment], chosen[segment] = name, places
    evidence = [
        [traits[i].evidence[segment] for i in places]
        for segment, places in enumerate(chosen)
    ]
    for group in _alike(margins):
        name = max((names[segment] for segment in group), key=len)
        suffixes = _compared(profile, [codes[segment] for segment in group], document)
        for place, segment in enumerate(group):
            names[segment] = name
            if suffixes is not None:
                suffix, fact = suffixes[place]
                names[segment] = _phrase([name, suffix])
                evidence[segment].append(fact)
    return names, [len(places) for places in chosen], evidence


def _phrase(words: Sequence[str]) -> str:
    """Join traits: all but the first begin with a small letter, save acronyms."""
    further = [w[:1].lower() + w[1:] if w[1:2].islower() else w for w in words[1:]]
    return ", ".join([*words[:1], *further])


def _alike(margins: FloatArray) -> list[list[int]]:
    """Return the groups of segments that have the same traits."""
    groups: dict[bytes, list[int]] = {}
    for segment, row in enumerate(margins > 0):
        groups.setdefault(row.tobytes(), []).append(segment)
    return [group for group in groups.values() if len(group) > 1]


def _compared(
    profile: SegmentProfile, codes: list[int], document: dict[str, Any]
) -> list[tuple[str, str]] | None:
    """Return words and evidence by the column whose medians are furthest apart.

    None if no column tells all of the segments apart by half a margin.
    """
    best, widest = None, 0.5 * document["thresholds"]["margin"]
    for feature, table in tables_of(profile.numbers_).items():
        rows = table.drop_duplicates("code").set_index("code").reindex(codes)
        ranks = rows["median_rank"].to_numpy(np.float64)
        gap = float(np.diff(np.sort(ranks)).min()) if len(ranks) > 1 else np.nan
        if gap > widest:
            best, widest = (feature, ranks, rows["median"].tolist()), gap
    if best is None:
        return None
    feature, ranks, medians = best
    places = np.argsort(np.argsort(-ranks)) + 1
    texts = [number_text(median) for median in medians]
    result = []
    for i, place in enumerate(places.tolist()):
        words = f"{feature} {place} of {len(codes)}"
        if len(codes) == 2:
            words = f"{'higher' if place == 1 else 'lower'} {feature}"
        others = " and ".join(text for j, text in enumerate(texts) if j != i)
        fact = f"{feature} median {texts[i]}, with the same traits at {others}"
        result.append((words, fact))
    return result


def _numbered(
    names: list[str], kept: Sequence[str], evidence: list[list[str]]
) -> list[str]:
    """Number names that several segments share, or that noise or outside has.

    The evidence of these segments says that they are only numbered.
    """
    counts = Counter(names)
    taken = {*kept, *(name for name, count in counts.items() if count == 1)}
    result = []
    for name, facts in zip(names, evidence, strict=True):
        is_reserved = name in kept or name.casefold() in _RESERVED
        if counts[name] == 1 and not is_reserved:
            result.append(name)
            continue
        number = 1
        while f"{name} {number}" in taken:
            number += 1
        taken.add(f"{name} {number}")
        result.append(f"{name} {number}")
        if counts[name] > 1:
            facts.append("numbered, as no trait tells it from a segment like it")
    return result
