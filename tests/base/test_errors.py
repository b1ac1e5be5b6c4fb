"""Errors: what they say, which exit code they carry, and that a message can always be written."""

import pytest

from varproof.base.errors import CertificateError, InputError, MissingExtraError, VarproofError, shorten
from varproof.base.extras import EXTRA_OF, optional


def test_the_message_has_all_three_fields() -> None:
    error = InputError("eps must be positive", got="-1", allowed="0 < eps < 1", hint="write 1e-3")
    assert str(error).splitlines() == [
        "eps must be positive",
        "  got:     -1",
        "  allowed: 0 < eps < 1",
        "  hint:    write 1e-3",
    ]
    assert str(InputError("short")) == "short"


def test_got_is_shown_even_when_it_is_falsy() -> None:
    assert "got:     0" in str(InputError("bad", got=0))


@pytest.mark.parametrize(
    ("kind", "code", "standard"),
    [
        (VarproofError, 70, Exception),
        (InputError, 2, ValueError),
        (CertificateError, 3, Exception),
        (MissingExtraError, 2, ImportError),
    ],
)
def test_exit_codes(kind: type[VarproofError], code: int, standard: type[Exception]) -> None:
    error = kind("message")
    assert error.exit_code == code
    assert isinstance(error, standard)
    assert isinstance(error, VarproofError)


def test_long_values_are_cut_in_the_middle() -> None:
    assert shorten("a" * 120) == "a" * 120
    cut = shorten("a" * 60 + "b" * 61)
    assert cut.startswith("a" * 59)
    assert "b (121 characters)" in cut
    assert len(cut) < 150


def test_an_integer_too_long_for_text_does_not_break_the_message() -> None:
    assert "too long" in str(InputError("bad", got=10**5000))


def test_a_missing_extra_is_one_line_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXTRA_OF, "varproof_not_there", "fast")
    with pytest.raises(MissingExtraError) as caught:
        optional("varproof_not_there.sub")
    assert caught.value.hint == 'pip install "varproof[fast]"'
    assert optional("json").dumps([1]) == "[1]"
