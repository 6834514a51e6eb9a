"""Playbooks from what skseg ships, JSON and YAML, and to JSON and YAML."""

from __future__ import annotations

import os
from importlib.resources import files
from typing import Any, Self

from skseg._documents._json import dump_json, load_json
from skseg._documents._source import read_json
from skseg.exceptions import InvalidParameterError

from ._playbook_documents import (
    checked_document,
    playbook_document,
    read_yaml,
    yaml_text,
)
from ._plays import Play

SHIPPED = {"rfm": "_rfm_playbook.json", "traits": "_traits_playbook.json"}


class PlaybookFormats:
    """The methods of a playbook that read and write it.

    Two playbooks are equal if their documents are.
    """

    plays: tuple[Play, ...]
    default: str | None
    on_overlap: str
    on_gap: str

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PlaybookFormats):
            return NotImplemented
        return self._document() == other._document()

    def __hash__(self) -> int:
        return hash((self.plays, self.default, self.on_overlap, self.on_gap))

    def _document(self) -> dict[str, Any]:
        return playbook_document(
            self.plays,
            default=self.default,
            on_overlap=self.on_overlap,
            on_gap=self.on_gap,
        )

    @classmethod
    def load(cls, name: str) -> Self:
        """Return a playbook that skseg ships.

        Parameters
        ----------
        name : {"rfm", "traits"}
            ``"rfm"``: one play for each of the ten segments of ``RFMSegmenter()``, by
            name. ``"traits"``: for any profile, by value_index and share; segments
            without a value go by outcome_level and share.

        Returns
        -------
        Playbook
            To use, or to edit as YAML.

        Raises
        ------
        InvalidParameterError
            If there is no such playbook.

        Examples
        --------
        >>> from skseg.playbook import Playbook
        >>> Playbook.load("rfm").plays[0].name
        'Thank the champions'
        """
        if not isinstance(name, str) or name not in SHIPPED:
            rule = " or ".join(repr(known) for known in SHIPPED)
            raise InvalidParameterError("Playbook.load", "name", rule, name)
        text = files("skseg.playbook").joinpath(SHIPPED[name]).read_text("utf-8")
        return cls._from_document(load_json(text), "Playbook.load")

    @classmethod
    def _from_document(cls, content: Any, owner: str) -> Self:
        content = checked_document(content, owner)
        return cls(
            **{k: v for k, v in content.items() if k not in ("format", "version")}
        )

    def to_json(self, *, indent: int | None = 2) -> str:
        """Return the playbook as JSON, without loss.

        Parameters
        ----------
        indent : int or None, default=2
            Spaces for each level; None writes one line.

        Returns
        -------
        str
            A JSON object.

        Examples
        --------
        >>> from skseg.playbook import Playbook
        >>> playbook = Playbook.load("rfm")
        >>> Playbook.from_json(playbook.to_json()) == playbook
        True
        """
        return dump_json(self._document(), indent=indent)

    @classmethod
    def from_json(cls, source: str | os.PathLike[str]) -> Self:
        """Read a playbook from JSON.

        Parameters
        ----------
        source : str or pathlib.Path
            The JSON as text, or the path of a file with it. A str is never a path.

        Returns
        -------
        Playbook
            Equal to the one that was written.

        Raises
        ------
        RuleError
            If this is no JSON, or no playbook.
        OSError
            If the file cannot be opened.

        Examples
        --------
        >>> from skseg.playbook import Playbook
        >>> text = '''{"format": "skseg.playbook", "version": 1, "default": "Wait",
        ... "plays": [{"name": "Wait"}]}'''
        >>> Playbook.from_json(text)
        <Playbook: Wait>
        """
        owner = "Playbook.from_json"
        return cls._from_document(read_json(source, owner, "a playbook"), owner)

    def to_yaml(self) -> str:
        """Return the playbook as YAML to edit, without loss.

        Returns
        -------
        str
            A YAML document; writing it takes no extra.

        Examples
        --------
        >>> from skseg.playbook import Playbook
        >>> print(Playbook([{"name": "Wait"}], default="Wait").to_yaml(), end="")
        format: "skseg.playbook"
        version: 1
        default: "Wait"
        on_overlap: "raise"
        on_gap: "raise"
        plays:
          - name: "Wait"
        """
        return yaml_text(self._document())

    @classmethod
    def from_yaml(cls, source: str | os.PathLike[str]) -> Self:
        """Read a playbook from YAML. It needs the extra ``cli``.

        Parameters
        ----------
        source : str or pathlib.Path
            The YAML as text, or the path of a file with it. A str is never a path.

        Returns
        -------
        Playbook
            Equal to the one that was written.

        Raises
        ------
        RuleError or InvalidDataError
            If this is no YAML, with the line, or no playbook, with the place.
        MissingExtraError
            If PyYAML is not installed.
        OSError
            If the file cannot be opened.

        Examples
        --------
        >>> from skseg.playbook import Playbook
        >>> playbook = Playbook.load("traits")
        >>> Playbook.from_yaml(playbook.to_yaml()) == playbook
        True
        """
        owner = "Playbook.from_yaml"
        return cls._from_document(read_yaml(source, owner), owner)
