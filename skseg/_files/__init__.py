"""Files and folders that are written whole or not at all, at any instant of a kill.

Everything is prepared in a hidden workspace on the same file system, synced, and then
put in place: a file by one rename; a folder that is new by one rename as well; files in
a folder that stands already by the switch of one link (`_switch` says how).
"""

from ._changes import Changes, Edited
from ._file import replacing, write_text
from ._folder import check_folder, write_folder
from ._manifest import MANIFEST

__all__ = [
    "MANIFEST",
    "Changes",
    "Edited",
    "check_folder",
    "replacing",
    "write_folder",
    "write_text",
]
