"""The imports of the rules: floors, without a circle but that of `Rule` itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import skseg.rules

pytestmark = pytest.mark.pure

FOLDER = Path(skseg.rules.__file__).parent
MODULES = {
    ".".join(
        ["skseg", "rules", *path.relative_to(FOLDER).with_suffix("").parts]
    ).removesuffix(".__init__"): path
    for path in FOLDER.rglob("*.py")
}
# Rule.__str__, describe, evaluate and to_sql import late what reads rules.
RULE = "skseg.rules._language._conditions"
Graph = dict[str, set[str]]


def statements(tree: ast.AST, *, late: bool) -> Iterator[ast.ImportFrom]:
    """Yield the imports of a module; those within functions only where `late`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ImportFrom):
            yield node
        elif late or not isinstance(node, ast.FunctionDef | ast.Lambda):
            yield from statements(node, late=late)


def imports(name: str, *, late: bool) -> set[str]:
    """Return the modules of the rules that a module imports names from."""
    path = MODULES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    names = set()
    for node in statements(ast.parse(path.read_text(encoding="utf-8")), late=late):
        base = package.split(".")
        base = base[: len(base) + 1 - node.level] if node.level else []
        module = ".".join([*base, *filter(None, [node.module])])
        for alias in node.names:
            submodule = f"{module}.{alias.name}"
            names.add(submodule if submodule in MODULES else module)
    return names & MODULES.keys()


def graph(*, late: bool) -> Graph:
    return {name: imports(name, late=late) for name in MODULES}


def reachable(start: str, arrows: Graph) -> set[str]:
    seen: set[str] = set()
    queue = [start]
    while queue:
        for name in arrows[queue.pop()] - seen:
            seen.add(name)
            queue.append(name)
    return seen


def test_what_is_imported_at_the_top_has_no_circle() -> None:
    order = list(TopologicalSorter(graph(late=False)).static_order())
    assert sorted(order) == sorted(MODULES)
    assert order[-1] == "skseg.rules"


def test_the_only_circle_is_that_of_rule_and_what_it_imports_late() -> None:
    arrows = graph(late=True)
    circle = {name for name in MODULES if name in reachable(name, arrows)}
    assert circle == {name for name in circle if RULE in reachable(name, arrows)}
    late = arrows[RULE] - graph(late=False)[RULE]
    assert late == {
        "skseg.rules._evaluate",
        "skseg.rules._language._english",
        "skseg.rules._language._text",
        "skseg.rules._sql",
    }
    # What writes rules as SQL reads rules, in several modules.
    others = {name for name in circle if not name.startswith("skseg.rules._sql.")}
    assert others == {RULE, "skseg.rules._cells", *late}
    # Without the late imports of Rule there is none.
    arrows[RULE] -= late
    assert not any(name in reachable(name, arrows) for name in MODULES)


def room(name: str) -> str:
    """Return the folder of a module, or the module itself where it lies in none."""
    return ".".join(name.split(".")[:3])


def test_no_folder_imports_from_above_itself() -> None:
    rooms: Graph = {}
    for name, targets in graph(late=False).items():
        arrows = rooms.setdefault(room(name), set())
        arrows |= {room(target) for target in targets} - {room(name)}
    order = list(TopologicalSorter(rooms).static_order())
    language, proof = (order.index(f"skseg.rules.{n}") for n in ("_language", "_proof"))
    assert language < proof < order.index("skseg.rules._ruleset")
