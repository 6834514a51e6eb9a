"""Sphinx configuration; build with ``make docs``."""

from __future__ import annotations

import inspect

import skseg

project = "skseg"
author = "The skseg developers"
copyright = f"2026, {author}"
version = release = skseg.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "examples"]
templates_path = ["_templates"]

html_theme = "pydata_sphinx_theme"
html_title = "skseg"
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["code.css"]
html_theme_options = {"navigation_with_keys": False, "show_prev_next": False}

autodoc_typehints = "none"
# The class template lists the members; numpydoc would list them a second time.
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/plot_",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "min_reported_time": 5,
}


def skip_foreign_members(app, what, name, obj, skip, options):
    """Leave out what scikit-learn and builtins bring: it refers to their own docs."""
    function = obj.fget if isinstance(obj, property) else obj
    module = getattr(inspect.unwrap(function), "__module__", None)
    return True if module and not module.startswith("skseg") else None


def setup(app):
    app.connect("autodoc-skip-member", skip_foreign_members)
