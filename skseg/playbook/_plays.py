"""Play: what to do with the segments for which a condition holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

# Fields of a play that hold one text, and those that hold several.
TEXTS = ("tone", "offer", "frequency", "metric", "owner", "notes")
LISTS = ("channel", "tactics", "avoid", "products")


@dataclass(frozen=True)
class Play:
    """What to do with the segments for which a condition holds.

    Parameters
    ----------
    name : str
        What the play is called.
    when : str, default=None
        Condition over the rows that `Playbook` describes. None for the default play.
    channel, tactics, avoid, products : tuple of str, default=()
        Where to speak to these customers, what to do, what not to do, and what to show.
    tone, offer, frequency, metric, owner, notes : str, default=None
        How to speak, what to offer, how often, the number that tells whether it works,
        who answers for it, and anything else.
    budget_share : float, default=None
        Share of the budget for all segments of the play together, in [0, 1].

    See Also
    --------
    Playbook : Checks plays, and proves that every segment gets exactly one.

    Examples
    --------
    >>> from skseg.playbook import Play
    >>> Play("Thank", "name == 'Champions'", channel=("e-mail",)).channel
    ('e-mail',)
    """

    name: str
    when: str | None = None
    channel: tuple[str, ...] = ()
    tone: str | None = None
    offer: str | None = None
    frequency: str | None = None
    tactics: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    metric: str | None = None
    owner: str | None = None
    budget_share: float | None = None
    notes: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the play as plain data, without the fields that it leaves empty.

        Returns
        -------
        dict
            Field -> text, number or list of texts.

        Examples
        --------
        >>> from skseg.playbook import Play
        >>> Play("Thank", "name == 'Champions'", avoid=("discounts",)).to_dict()
        {'name': 'Thank', 'when': "name == 'Champions'", 'avoid': ['discounts']}
        """
        content: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and value != ():
                content[field.name] = list(value) if field.name in LISTS else value
        return content

    def cells(self) -> dict[str, Any]:
        """Return the fields of the play as cells of a table, lists joined by commas."""
        cells: dict[str, Any] = {}
        for field in fields(self):
            if field.name not in ("name", "when"):
                value = getattr(self, field.name)
                cells[field.name] = ", ".join(value) if field.name in LISTS else value
        return cells


def read_play(content: Mapping[str, Any]) -> Play:
    """Return the play of a checked mapping; an empty list is no field."""
    fields_of_play: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in content.items()
    }
    return Play(**fields_of_play)
