"""From segments to decisions: names, renaming, plays and what-if."""

from ._names import name_segments
from ._playbook import Playbook
from ._plays import Play
from ._renaming import rename_segments
from ._what_if import what_if

__all__ = ["Play", "Playbook", "name_segments", "rename_segments", "what_if"]
