"""The navigation: the index as "Home", then a section per folder, pages by file name, the notation page first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SECTIONS = {
    "Tutorial": "tutorial",
    "How-to": "how-to",
    "Reference": "reference",
    "Explanation": "explanation",
}


def navigation(docs: Path) -> list[Any]:
    """The `nav` of mkdocs for the pages below `docs`; an empty section is left out."""
    entries: list[Any] = [{"Home": "index.md"}]
    for title, folder in SECTIONS.items():
        files = sorted((docs / folder).glob("*.md"), key=lambda page: (page.stem != "notation", page.stem))
        pages = [page.relative_to(docs).as_posix() for page in files]
        if pages:
            entries.append({title: pages})
    return entries


def on_config(config: Any) -> Any:
    """Called by mkdocs once the configuration is read."""
    config["nav"] = navigation(Path(config["docs_dir"]))
    return config
