"""Our docstrings for the reference pages: doctests become code blocks, everything else stays Markdown."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

INNER_PRODUCT = re.compile(r"(`[^`]*`)|<(?=[A-Za-z/!?])")  # Markdown takes <q, k> for a tag of HTML


def without_tags(line: str) -> str:
    """The line with every < that would open a tag written as an entity; code stays as it is.

    >>> print(without_tags("gamma <q, k> < 1, `<q>`"))
    gamma &lt;q, k> < 1, `<q>`
    """
    return line if line.startswith("    ") else INNER_PRODUCT.sub(lambda found: found[1] or "&lt;", line)


def fence_doctests(text: str) -> str:
    """Put each run of lines from `>>>` to the next blank line into a code fence.

    >>> print(fence_doctests("Sum.\\n\\n>>> 1 + 1\\n2"))
    Sum.
    <BLANKLINE>
    ```pycon
    >>> 1 + 1
    2
    ```
    """
    made: list[str] = []
    inside = False
    for line in text.splitlines():
        starts = line.lstrip().startswith(">>>")
        if starts and not inside:
            made += ["", "```pycon"] if made and made[-1].strip() else ["```pycon"]
            inside = True
        if inside and not line.strip():
            made.append("```")
            inside = False
        made.append(line if inside else without_tags(line))
    if inside:
        made.append("```")
    return "\n".join(made)


class FenceDoctests(Extension):
    """Applied by mkdocstrings to every object whose docstring it loads."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = fence_doctests(obj.docstring.value)
