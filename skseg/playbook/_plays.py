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
    channel : tuple of str, default=()
        Where to speak to these customers.
    tone, offer, frequency : str, default=None
        How to speak, what to offer, and how often.
    tactics, avoid, products : tuple of str, default=()
        What to do, what not to do, and what to show.
    metric, owner : str, default=None
        The number that tells whether it works, and who answers for it.
    budget_share : float, default=None
        Share of the budget for all segments of the play together, in [0, 1].
    notes : str, default=None
        Anything else.

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


def play_cells(play: Play) -> dict[str, Any]:
    """Return the fields of a play as cells of a table, lists joined by commas."""
    cells: dict[str, Any] = {}
    for field in fields(play):
        if field.name not in ("name", "when"):
            value = getattr(play, field.name)
            cells[field.name] = ", ".join(value) if field.name in LISTS else value
    return cells


def read_play(content: Mapping[str, Any]) -> Play:
    """Return the play of a checked mapping; an empty list is no field."""
    fields_of_play: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in content.items()
    }
    return Play(**fields_of_play)
