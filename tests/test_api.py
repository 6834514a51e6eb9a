"""The public names: sorted, documented, each with an example; and the floors."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path

import pytest
from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import get_validation_checks, validate

import skseg
from skseg._core._fitted_tables import FittedTable

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "skseg"

# The command line documents itself, with --help.
COMMAND_LINE = {"skseg.__main__", "skseg.cli"}

MODULES = ["skseg"]
MODULES += sorted(
    module.name
    for module in pkgutil.walk_packages(skseg.__path__, "skseg.")
    if module.name not in COMMAND_LINE and "._" not in module.name
)
PUBLIC = {
    f"{module}.{name}": getattr(import_module(module), name)
    for module in MODULES
    for name in import_module(module).__all__
    if name != "__version__" and f"{module}.{name}" not in MODULES
}


def own_members(path: str, owner: type) -> Iterator[str]:
    """Yield the paths of the public methods and properties that are ours."""
    for name, member in inspect.getmembers(owner):
        if isinstance(member, FittedTable):
            continue  # documented as an attribute of the class
        function = member.fget if isinstance(member, property) else member
        module = getattr(function, "__module__", None) or ""
        if not name.startswith("_") and module.startswith("skseg"):
            yield f"{path}.{name}"


DOCUMENTED = [path for path, thing in PUBLIC.items() if callable(thing)] + [
    member
    for path, thing in PUBLIC.items()
    if inspect.isclass(thing)
    for member in own_members(path, thing)
]


def names_in_api_page() -> list[str]:
    """Read the entries of the autosummary tables, each in its current module."""
    names, module, in_table = [], "", False
    for line in (ROOT / "docs/api.rst").read_text(encoding="utf-8").splitlines():
        if match := re.fullmatch(r"\.\. currentmodule:: (\S+)", line):
            module = match[1]
        elif line and not line.startswith(" "):
            in_table = line == ".. autosummary::"
        elif in_table and (match := re.fullmatch(r" +([\w.]+)", line)):
            names.append(f"{module}.{match[1]}")
    return names


@pytest.mark.parametrize("module", MODULES)
def test_all_is_sorted_and_without_repetition(module: str) -> None:
    names = import_module(module).__all__
    assert list(names) == sorted(set(names))


def test_api_page_lists_every_public_name_once_and_no_other() -> None:
    assert sorted(names_in_api_page()) == sorted(PUBLIC)


def attributes_in(thing: type) -> set[str]:
    """Return the names in the section Attributes of a docstring."""
    entries = NumpyDocString(inspect.getdoc(thing) or "")["Attributes"]
    return {name for entry in entries for name in entry.name.split(", ")}


def has_all_fields_as_attributes(thing: object) -> bool:
    """Tell whether a result, which users read and do not make, documents its fields."""
    if not is_dataclass(thing):
        return False
    return {field.name for field in fields(thing)} <= attributes_in(thing)


@pytest.mark.parametrize("path", DOCUMENTED)
def test_docstring_is_numpydoc(path: str) -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = get_validation_checks(set(config["tool"]["numpydoc_validation"]["checks"]))
    if has_all_fields_as_attributes(PUBLIC.get(path)):
        asked.discard("PR01")
    errors = validate(path)["errors"]
    assert [error for error in errors if error[0] in asked] == []


@pytest.mark.parametrize(
    "path", [path for path, thing in PUBLIC.items() if inspect.isclass(thing)]
)
def test_tables_of_fitted_models_are_documented(path: str) -> None:
    members = inspect.getmembers(PUBLIC[path])
    tables = {name for name, member in members if isinstance(member, FittedTable)}
    assert tables <= attributes_in(PUBLIC[path])


@pytest.mark.parametrize(
    "path",
    [
        path
        for path, thing in PUBLIC.items()
        if callable(thing)
        and not (inspect.isclass(thing) and issubclass(thing, Exception))
    ],
)
def test_docstring_has_examples_for_doctest(path: str) -> None:
    sections = inspect.getdoc(PUBLIC[path]).partition("\nExamples\n--------\n")
    assert ">>> " in sections[2]


def imported_modules(source: Path) -> set[str]:
    """Return the modules that a file imports anywhere, as absolute names."""
    package = list(source.relative_to(ROOT).parent.parts)
    names = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            names |= {f"{module}.{alias.name}" for alias in node.names}
    return names


# From the ground up. A room imports from lower floors and from itself, and no room of
# a floor knows its neighbours.
FLOORS = [
    {"_html", "_typing", "exceptions"},
    {"_documents", "_files"},
    {"engines"},
    {"rules"},
    {"_search"},
    {"_core"},
    {"_clusters", "_finders", "_mece", "_revenue", "_rfm"},
    {"compat", "datasets", "metrics", "monitor", "tables"},
    {"model_selection", "profile"},
    {"displays", "playbook"},
    {"report"},
    {"cli"},
]
FORBIDDEN = {
    "engines": {"pandas", "sklearn"},
    "rules": {"pandas", "polars", "scipy", "sklearn"},
    "_search": {"narwhals", "pandas", "polars", "sklearn"},
}


def room_of(source: Path) -> str:
    """Return the part of the package that a file belongs to."""
    return source.relative_to(PACKAGE).parts[0].removesuffix(".py")


SOURCES = [source for source in PACKAGE.rglob("*.py") if source.parent != PACKAGE]
SOURCES += [PACKAGE / "compat.py", PACKAGE / "exceptions.py"]


def test_every_room_has_a_floor() -> None:
    rooms = {room_of(source) for source in SOURCES}
    assert rooms - set().union(*FLOORS) == set()


def test_rooms_import_from_lower_floors_alone() -> None:
    wrong = set()
    for source in SOURCES:
        room = room_of(source)
        (floor,) = [number for number, rooms in enumerate(FLOORS) if room in rooms]
        allowed = {room}.union(*FLOORS[:floor])
        wrong |= {
            f"{source.relative_to(ROOT)} imports {name}"
            for name in imported_modules(source)
            if name.startswith("skseg.") and name.split(".")[1] not in allowed
        }
    assert wrong == set()


@pytest.mark.parametrize("room", FORBIDDEN)
def test_the_ground_floors_do_without_the_libraries_of_the_upper_ones(
    room: str,
) -> None:
    wrong = {
        f"{source.relative_to(ROOT)} imports {name}"
        for source in (PACKAGE / room).rglob("*.py")
        for name in imported_modules(source)
        if name.partition(".")[0] in FORBIDDEN[room]
    }
    assert wrong == set()
