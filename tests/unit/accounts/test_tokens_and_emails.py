"""Tokens that name their owner, and one spelling for one address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artel.accounts.emails import normal_email
from artel.accounts.tokens import TokenKind, new_api_key, new_sign_in_token, parse_token
from artel.kit.errors import Invalid


@given(st.integers(1, 2**53 - 1))
def test_a_token_is_read_as_what_it_is_and_as_nothing_else(user_id: int) -> None:
    for kind, text in (
        (TokenKind.SIGN_IN, new_sign_in_token(user_id)),
        (TokenKind.API_KEY, new_api_key(user_id)),
    ):
        token = parse_token(text, kind)
        assert token is not None
        assert (token.kind, token.user_id) == (kind, user_id)
        assert all(parse_token(text, other) is None for other in TokenKind if other is not kind)
        assert parse_token(text + "x", kind) is None
        assert parse_token(text[:-1], kind) is None


@given(st.text(max_size=80), st.sampled_from(TokenKind))
def test_any_text_is_read_or_refused_without_fault(text: str, kind: TokenKind) -> None:
    parse_token(text, kind)


def test_the_owner_cannot_be_beyond_what_an_id_can_be() -> None:
    assert parse_token(f"{2**53}.{'a' * 43}", TokenKind.SIGN_IN) is None
    assert parse_token(f"01.{'a' * 43}", TokenKind.SIGN_IN) is None


@given(st.emails())
def test_an_address_is_spelled_one_way(email: str) -> None:
    try:
        once = normal_email(email)
    except Invalid:
        return
    assert normal_email(once) == once
    assert normal_email(f" {once.upper()} ".replace("ẞ", "ß")) == once or not once.isascii()


@pytest.mark.parametrize("email", ["x@localhost", "x@a.local", "x@corp.internal.test"])
def test_private_networks_have_addresses_too(email: str) -> None:
    assert normal_email(email.upper()) == email


@pytest.mark.parametrize(
    "email", ["x@-a.local", "x@.local", "x@a b.local", "x\0@localhost", "x\n@localhost", "@localhost"]
)
def test_what_is_no_address(email: str) -> None:
    with pytest.raises(Invalid):
        normal_email(email)
