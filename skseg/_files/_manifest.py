"""The list of what skseg has written to a folder, with the hashes of the contents."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from skseg.exceptions import InvalidDataError

MANIFEST = ".skseg-manifest.json"
_FORMAT = "skseg.manifest"
_VERSION = 1
_SHA256 = re.compile(r"[0-9a-f]{64}")


def read_manifest(folder: Path) -> dict[str, str]:
    """Return the hash of each file that skseg has written to a folder, by its name."""
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if not path.is_symlink():
            return {}
        content = None
    except (ValueError, RecursionError, IsADirectoryError):
        content = None
    # skseg leaves no link behind: whoever made one means another file.
    if path.is_symlink() or not _is_manifest(content):
        raise InvalidDataError(
            f"{path} cannot be read as the list of what skseg has written.",
            name="folder",
            value=str(folder),
            advice="Choose another folder, or move what is in this one.",
        )
    files: dict[str, str] = content["files"]
    return files


def _is_manifest(content: Any) -> bool:
    return (
        isinstance(content, Mapping)
        and content.keys() == {"format", "version", "files"}
        and content["format"] == _FORMAT
        and isinstance(content["version"], int)
        and not isinstance(content["version"], bool)
        and content["version"] == _VERSION
        and isinstance(content["files"], Mapping)
        and all(map(_is_file_name, content["files"]))
        and all(
            isinstance(digest, str) and _SHA256.fullmatch(digest)
            for digest in content["files"].values()
        )
    )


def _is_file_name(name: str) -> bool:
    """Return whether a name is that of a file in the folder itself.

    A manifest that names others would have skseg remove files elsewhere.
    """
    return (
        name not in ("", ".", "..", MANIFEST)
        and not re.search(r"[/\\\0]", name)
        and not name.startswith(".skseg")
    )


def write_manifest(folder: Path, names: Iterable[str]) -> None:
    """Write the manifest of a folder of new files."""
    content = {
        "format": _FORMAT,
        "version": _VERSION,
        "files": {name: digest(folder / name) for name in sorted(names)},
    }
    text = json.dumps(content, indent=2, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8", newline="\n")


def digest(path: Path) -> str:
    """Return the SHA-256 of the content of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
