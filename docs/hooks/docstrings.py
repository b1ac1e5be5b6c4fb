"""Our docstrings for the reference pages: doctests become code blocks, everything else stays Markdown."""

from __future__ import annotations

from typing import Any

from griffe import Extension, Object


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
        made.append(line)
    if inside:
        made.append("```")
    return "\n".join(made)


class FenceDoctests(Extension):
    """Applied by mkdocstrings to every object whose docstring it loads."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = fence_doctests(obj.docstring.value)
