r"""Formulas: what pymdownx.arithmatex marks is turned into MathML at build time, so a page needs no script.

A formula with a command that the converter does not know is a warning, and the strict build fails on it.
"""

from __future__ import annotations

import html
import logging
import re
from typing import Any

from latex2mathml.converter import convert

LOG = logging.getLogger("mkdocs.hooks.mathml")

MARKED = re.compile(
    r'(?P<dollar>\$?)<(?P<tag>span|div) class="arithmatex">'
    r"\\(?:\((?P<inline>.*?)\\\)|\[(?P<block>.*?)\\\])</(?P=tag)>(?P=dollar)",
    re.DOTALL,
)

# LaTeX that the converter lacks, in terms of what it has
REWRITTEN = (
    (re.compile(r"(\\(?:begin|end))\{aligned\}"), r"\1{split}"),
    (re.compile(r"\\!"), ""),
    (re.compile(r"\\[dt]binom\b"), r"\\binom"),
)
# a function's name needs a thin space to what stands before it and, unless a bracket opens, to what follows
FUNCTION = re.compile(
    r"(?P<before>(?:</m(?:i|n|sub|sup|subsup|frac|row|sqrt)>|&#x00029;</mo>)?)(?P<scripts>(?:<m(?:sub|sup|subsup)>)?)"
    r"<(?P<kind>m[io])>(?P<name>[A-Za-z]{2,})</(?P=kind)>"
    r"(?P<bracket>(?:<mo[^>]*>&#x00028;)?)"
)
LEFT_OVER = re.compile(r"<m[a-z]+[^>]*>(\\[A-Za-z]+|&(?:amp;)?)</m[a-z]+>")


def to_mathml(tex: str, *, block: bool) -> str:
    """The MathML of a formula; raises ValueError naming what the converter did not understand.

    An unknown command would otherwise be printed with its backslash.
    """
    for pattern, replacement in REWRITTEN:
        tex = pattern.sub(replacement, tex)
    if tex.count("{") - tex.count(r"\{") != tex.count("}") - tex.count(r"\}"):
        raise ValueError("braces do not match")
    try:
        made: str = convert(tex.strip(), display="block" if block else "inline")
    except Exception as error:  # the converter's errors have no common root
        raise ValueError(f"{type(error).__name__} {error}") from error
    unknown = LEFT_OVER.findall(made)
    if unknown:
        raise ValueError("unknown here: " + ", ".join(sorted(set(unknown))))
    return FUNCTION.sub(_spaced, made)


def _spaced(found: re.Match[str]) -> str:
    left = "0.17em" if found["before"] else "0"
    right = "0" if found["bracket"] else "0.17em"
    name = f'<mo lspace="{left}" rspace="{right}">{found["name"]}</mo>'
    return found["before"] + found["scripts"] + name + found["bracket"]


def on_page_content(content: str, page: Any, **_: Any) -> str:
    """Called by mkdocs with the HTML of a page."""

    def replace(found: re.Match[str]) -> str:
        block = found["block"] is not None or found["dollar"] == "$"  # $$..$$ inside a paragraph is a block as well
        tex = html.unescape(found["inline"] if found["block"] is None else found["block"])
        try:
            made = to_mathml(tex, block=block)
        except ValueError as error:
            LOG.warning("%s: formula %r: %s", page.file.src_uri, tex, error)
            return found[0]
        return f'<span class="formula">{made}</span>' if block else made

    return MARKED.sub(replace, content)
