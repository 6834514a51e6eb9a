"""What ``import skseg`` and ``import skseg.rules`` load, and the names they offer."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import skseg

HEAVY = ("sklearn", "pandas", "scipy", "narwhals", "sqlglot", "matplotlib", "polars")


def loaded_after(code: str) -> set[str]:
    """Run `code` in a new interpreter and return the top-level modules it loaded."""
    program = f"{code}\nimport sys\nprint(*{{n.split('.')[0] for n in sys.modules}})"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(result.stdout.splitlines()[-1].split())


def test_the_package_alone_loads_no_dependency() -> None:
    assert loaded_after("import skseg").isdisjoint({*HEAVY, "numpy"})


def test_rules_load_numpy_alone() -> None:
    loaded = loaded_after("import skseg.rules")
    assert "numpy" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_rules_read_from_json_are_used_with_numpy_alone() -> None:
    program = """
import numpy as np
from skseg.rules import RuleSet
rules = RuleSet.from_json('''{
    "format": "skseg.rules", "version": 1, "default": "Others",
    "rules": [{"name": "VIP", "rule": "aov >= 120 and plan == 'pro'"}]
}''')
assert rules.assign({"aov": np.array([200.0, 15.0]), "plan": ["pro", None]})[0] == 0
assert rules.assign({"aov": [200.0, None], "plan": ("pro", "pro")}).tolist() == [0, 1]
assert rules.membership({"aov": [200.0], "plan": ["free"]}).tolist() == [[False, True]]
assert RuleSet({"high": "x0 > 1"}).assign(np.eye(2)).tolist() == [-1, -1]
assert rules.assign_row({"aov": 200.0, "plan": "pro"}) == 0
assert rules.resolve({"aov": [1.0], "plan": ["pro"]}) == rules
assert rules.disjoint().simplify().verify().is_mece
assert RuleSet.from_json(rules.to_json()) == rules
assert rules.describe()["Others"] == "everyone else"
assert "<table" in rules._repr_html_()
"""
    assert loaded_after(program).isdisjoint(HEAVY)


def test_a_frame_is_read_when_it_comes() -> None:
    program = """
import pandas as pd
from skseg.rules import RuleSet
assert RuleSet({"VIP": "aov >= 120"}).assign(pd.DataFrame({"aov": [200]})) == [0]
"""
    assert {"narwhals", "pandas"} <= loaded_after(program)


def test_dir_lists_every_name_before_it_is_used() -> None:
    program = "import skseg\nassert set(skseg.__all__) <= set(dir(skseg))"
    assert "numpy" not in loaded_after(program)


@pytest.mark.parametrize("name", skseg.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(skseg, name) is not None
    assert name in vars(skseg)


def test_public_modules_are_imported_by_their_own_names() -> None:
    for name in skseg.__all__:
        value = getattr(skseg, name)
        if name not in skseg._ROOMS:
            assert value is import_module(f"skseg.{name}")


def test_an_unknown_name_is_an_attribute_error_that_says_so() -> None:
    with pytest.raises(AttributeError, match=r"module 'skseg' has no attribute 'RFM'"):
        _ = skseg.RFM


def test_type_checkers_see_exactly_the_public_names() -> None:
    tree = ast.parse(Path(skseg.__file__).read_text(encoding="utf-8"))
    blocks = [
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    imports = [node for block in blocks for node in block.body]
    assert all(isinstance(node, ast.ImportFrom) for node in imports)
    rooms = {
        alias.name: node.module
        for node in imports
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert sorted(rooms) == skseg.__all__
    # They look each name up where the package does.
    assert {name: room for name, room in rooms.items() if room} == skseg._ROOMS
