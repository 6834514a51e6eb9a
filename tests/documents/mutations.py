"""Documents that skseg wrote, changed at random as an editor or a disk might."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from skseg._core._fingerprints import fingerprint

Path = tuple[Any, ...]

# What stands in a document by mistake: other types, numbers at the borders of what
# float64 and JSON hold, rules that are none, names that exist elsewhere.
HOSTILE: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1,
    2**53 + 1,
    10**308,
    10**400,
    -0.0,
    0.5,
    2.0,
    5e-324,
    1.7e308,
    "",
    " ",
    "1",
    "x",
    "inf",
    "\0",
    "\ud800",
    "outside",
    "Rest",
    "VIP",
    "monetary",
    "monetary > 3",
    "monetary > 3 and recency < 9",
    "monetary > q(0.5)",
    "monetary == 'a'",
    "not (monetary > 3)",
    "recency > 1e400",
    "max(q(0.5), 3)",
    "q(0.5) and y > 2",
    "date('2024-01-01')",
    "{t}",
    "True",
    [],
    [None],
    ["monetary"],
    [[["a"]]],
    {},
    {"threshold": "q(0.5)"},
    {"threshold": "date('2024-02-30')"},
    {"name": "A", "rule": "monetary > 3"},
    {"low": 0},
    {"a": {"a": {"a": []}}},
]
_values = st.sampled_from(HOSTILE) | st.integers() | st.floats() | st.text(max_size=5)
_PIECES = (
    *(
        '"',
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\\",
        "-",
        "\n",
        "\0",
        "\ufeff",
        "&a",
        "!!int ",
    ),
    *("\\u0000", "\\ud800", "NaN", "1e999", "9" * 400, "null", "true", "<<", "---\n"),
    *('"rule": 1,', '"name": "A",', "low: .inf", "!!int ", "%YAML 1.1\n"),
)
_pieces = st.sampled_from(_PIECES) | st.text(max_size=4)


def places(content: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the paths to all parts of a document."""
    items: Any = ()
    if isinstance(content, dict):
        items = content.items()
    elif isinstance(content, list):
        items = enumerate(content)
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


def part(content: Any, path: Path) -> Any:
    """Return the part of a document at a path."""
    for key in path:
        content = content[key]
    return content


def sign(content: Any) -> None:
    """Give a strategy the fingerprints of what it holds, as a forger would."""
    if not isinstance(content, dict):
        return
    fitted = content.get("fitted")
    if isinstance(fitted, dict):
        facts = {key: value for key, value in fitted.items() if key != "fingerprint"}
        fitted["fingerprint"] = fingerprint(facts)
    segments = content.get("segments")
    for entry in segments if isinstance(segments, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("fingerprints"), dict):
            for key in entry["fingerprints"]:
                entry["fingerprints"][key] = fingerprint(entry.get(key))


@st.composite
def changed_content(draw: st.DrawFn, written: str) -> str:
    """Return JSON with a few parts deleted, renamed, replaced or moved."""
    content = json.loads(written)
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
        paths = list(places(content))
        if not paths:
            break
        path = draw(st.sampled_from(paths))
        holder, key = part(content, path[:-1]), path[-1]
        kind = draw(st.sampled_from(["delete", "replace", "replace", "move", "rename"]))
        if kind == "delete":
            del holder[key]
        elif kind == "replace":
            # A copy: the next change may be made in it.
            holder[key] = deepcopy(draw(_values))
        elif kind == "move":
            other = part(content, draw(st.sampled_from(paths)))
            holder[key] = json.loads(json.dumps(other))
        elif isinstance(holder, dict):
            name = draw(
                st.sampled_from([f"{key}s", key[1:], "name", "rule", "score_x"])
            )
            holder[name] = holder.pop(key)
        else:
            holder.append(holder[key])
    if draw(st.booleans()):
        sign(content)
    return json.dumps(content)


@st.composite
def changed_text(draw: st.DrawFn, written: str) -> str:
    """Return a text with pieces cut, doubled, moved or put in."""
    text = written
    for _ in range(draw(st.sampled_from([1, 1, 2, 4]))):
        start = draw(st.integers(0, len(text)))
        stop = min(len(text), start + draw(st.sampled_from([0, 1, 2, 10, 100, 10**6])))
        kind = draw(st.sampled_from(["cut", "double", "insert", "replace"]))
        piece = text[start:stop] if kind == "double" else draw(_pieces)
        end = stop if kind in ("cut", "replace") else start
        text = text[:start] + ("" if kind == "cut" else piece) + text[end:]
    return text


def changed(written: str) -> st.SearchStrategy[str]:
    """Return texts that have come of a document, by its content or by its text."""
    return changed_content(written) | changed_content(written) | changed_text(written)
