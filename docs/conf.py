"""Sphinx: ``sphinx-build -W docs OUTPUT`` with the extra ``docs``."""

project = "scaling_study"
author = "the scaling_study developers"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
html_theme = "furo"
myst_heading_anchors = 3
autodoc_typehints = "description"
autodoc_mock_imports: list[str] = []
exclude_patterns = ["_build", "**.ipynb"]
suppress_warnings = ["myst.xref_missing"]  # links to files of the repository outside docs/
