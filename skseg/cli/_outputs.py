"""The files that a run leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click
from skseg.exceptions import InvalidDataError, MissingExtraError

from ._writers import Writers

# Name -> content, as the commands show it.
RFM_FILES = {
    "customers.csv": "every customer with scores and segment",
    "segments.csv": "the table of segments",
    "rules.json": "the rules, for skseg.rules.RuleSet.from_json",
    "segments.sql": "the rules as a query for your database",
    "sizes.png": "the sizes of the segments",
    "heatmap.png": "the customers by recency and frequency",
}
DEMO_FILES = {"orders.csv": "the generated orders", **RFM_FILES}
RULES_FILES = {
    "rows.csv": "every row with its segment",
    "strategy.csv": "the table of segments, the best first",
    "strategy.json": "the segments to edit, check and apply again",
    "rules.json": "the rules with numbers for quantiles, to check and apply again",
    "rules.sql": "the rules as a query for your database",
    "sizes.png": "the sizes of the segments",
    "flow.png": "how the rules became segments",
}
# A folder that holds one of these was written by skseg.
_MARKERS = {"rules.json": b'"skseg.rules"', "strategy.json": b'"skseg.strategy"'}


def check_folder(folder: Path, *sources: Path, contents: Mapping[str, str]) -> None:
    """Raise if a file that skseg has not written would be replaced, or a source itself.

    The names in `contents` are those of the files that the run writes to `folder`,
    which need not exist.
    """
    targets = {(folder / name).resolve() for name in contents}
    for source in sources:
        if source.resolve() in targets:
            raise InvalidDataError(
                f"{source} would be replaced. Choose another folder."
            )
    taken = [name for name in contents if (folder / name).exists()]
    is_ours = any(
        (folder / name).is_file() and marker in (folder / name).read_bytes()[:100]
        for name, marker in _MARKERS.items()
    )
    if taken and not is_ours:
        raise InvalidDataError(
            f"{folder} holds {', '.join(taken)}, which skseg has not written. Choose "
            "another folder."
        )


@dataclass
class Outputs:
    """The files written, and those skipped with the extra that each needs.

    `contents` describes every file that such a run may write.
    """

    contents: Mapping[str, str]
    written: list[Path] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)


def write_files(
    writers: Writers, folder: Path, *, contents: Mapping[str, str]
) -> Outputs:
    """Write files, except those for which an extra is not installed.

    `contents` names all files that such a run may write. Those of an earlier run go,
    since a picture or query of earlier segments must not stand beside new ones.
    """
    outputs = Outputs(contents)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in contents:
            (folder / name).unlink(missing_ok=True)
        for name, write in writers.items():
            try:
                write(folder / name)
            except MissingExtraError as error:
                outputs.skipped[name] = str(error)
            else:
                outputs.written.append(folder / name)
    except OSError as error:
        raise click.ClickException(f"Cannot write to {folder}: {error}") from error
    return outputs
