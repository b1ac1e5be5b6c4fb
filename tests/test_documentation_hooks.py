"""The hooks of the documentation build: formulas to MathML, navigation from the folders."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

HOOKS = Path(__file__).resolve().parent.parent / "docs" / "hooks"


def hook(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, HOOKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def mathml() -> ModuleType:
    return hook("mathml")


def test_formulas_become_mathml(mathml: ModuleType) -> None:
    made = mathml.to_mathml(r"\sum_{k\ge n} J_k(B)", block=True)
    assert made.startswith("<math")
    assert 'display="block"' in made
    assert "<munder>" in made or "<msub>" in made
    aligned = mathml.to_mathml(r"\begin{aligned} a &= b \\ c &\le d \end{aligned}", block=True)
    assert aligned.count("<mtr>") == 2


def test_function_names_stand_apart(mathml: ModuleType) -> None:
    assert '<mo lspace="0.17em" rspace="0.17em">cosh</mo>' in mathml.to_mathml(r"B \cosh a", block=False)
    assert '<mo lspace="0" rspace="0">ln</mo>' in mathml.to_mathml(r"\ln(x)", block=False)
    assert '<mo lspace="0.17em" rspace="0">arsinh</mo>' in mathml.to_mathml(r"2\operatorname{arsinh}(x)", block=False)


def test_a_block_inside_a_paragraph_is_a_block(mathml: ModuleType) -> None:
    shown = mathml.on_page_content(r'<p>so $<span class="arithmatex">\(x\)</span>$ and</p>', None)
    assert "$" not in shown
    assert 'display="block"' in shown
    shown = mathml.on_page_content(r'<p><span class="arithmatex">\(x &lt; y\)</span></p>', None)
    assert 'display="inline"' in shown


@pytest.mark.parametrize("tex", [r"\nonsense x", r"\frac{1}{2", "a & b", r"\left( x"])
def test_bad_formulas_are_refused(mathml: ModuleType, tex: str) -> None:
    with pytest.raises(ValueError, match=r"unknown|braces|Error"):
        mathml.to_mathml(tex, block=False)


def test_navigation_follows_the_folders(tmp_path: Path) -> None:
    for name in ("explanation/alpha.md", "explanation/notation.md", "tutorial/one.md", "hooks/not_a_page.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("# x")
    made = hook("navigation").navigation(tmp_path)
    pages = ["explanation/notation.md", "explanation/alpha.md"]
    assert made == [{"Home": "index.md"}, {"Tutorial": ["tutorial/one.md"]}, {"Explanation": pages}]


def test_inner_products_of_docstrings_are_no_tags() -> None:
    pytest.importorskip("griffe", reason="the extra docs is not installed")
    made = hook("docstrings").fence_doctests("exp(gamma <q_i, k_j>), a < b, `<q>`\n\n    <q, k>\n\n>>> 1 <one")
    assert made == "exp(gamma &lt;q_i, k_j>), a < b, `<q>`\n\n    <q, k>\n\n```pycon\n>>> 1 <one\n```"
