import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineageflow_core.model.token import (
    RANDOM_BYTES,
    SECRET_PATTERN,
    NewToken,
    Scope,
    digest_of,
    id_in,
    is_secret,
    make_id,
    make_secret,
)
from lineageflow_core.service.tokens import new_secret
from lineageflow_core.testing.token_store import new_token


@given(random=st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES))
def test_a_secret_looks_like_one_and_says_whose_it_is(random: bytes) -> None:
    token_id = make_id(random)
    secret = make_secret(token_id, random)
    assert is_secret(secret)
    assert re.fullmatch(SECRET_PATTERN, secret)
    assert token_id == id_in(secret)


@given(one=st.binary(min_size=32, max_size=32), other=st.binary(min_size=32, max_size=32))
def test_a_secret_holds_all_of_its_random_bits(one: bytes, other: bytes) -> None:
    assert (one == other) == (make_secret("0" * 8, one) == make_secret("0" * 8, other))


@given(place=st.integers(0, 60), to=st.sampled_from("0aZ_ \n"))
def test_a_secret_that_is_mistyped_is_none(place: int, to: str) -> None:
    secret = new_secret()
    wrong = secret[:place] + to + secret[place + 1 :]
    assert is_secret(wrong) == (wrong == secret)


@pytest.mark.parametrize("text", ["", "lf_", "lf_00000000_" + "0" * 49, "\N{ARABIC-INDIC DIGIT ONE}" * 61])
def test_what_only_resembles_a_secret_is_none(text: str) -> None:
    assert not is_secret(text)
    assert id_in(text) is None


def test_a_digest_is_the_sha_256_of_the_secret() -> None:
    assert "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" == digest_of("abc")


def test_a_new_token_hides_its_secret() -> None:
    made = NewToken(token=new_token("a"), secret=new_secret())
    assert made.secret not in f"{made} {made!r} {[made]}"
    assert made == pickle.loads(pickle.dumps(made))


@pytest.mark.parametrize("held", Scope)
@pytest.mark.parametrize("needed", Scope)
def test_what_a_scope_allows(held: Scope, needed: Scope) -> None:
    rank = {Scope.INGEST: 0, Scope.READ: 0, Scope.WRITE: 1, Scope.ADMIN: 2}
    assert held.allows(needed) == (held is needed or rank[held] > rank[needed])
