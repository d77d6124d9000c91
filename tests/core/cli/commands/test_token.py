import re

from lineageflow_core.model.token import SECRET_PATTERN, is_secret
from tests.core.cli.calling import Cli


def test_a_token_is_made_listed_and_revoked(empty: Cli) -> None:
    made = empty.good(
        "token", "create", "airflow-prod", "--scope", "ingest", "--scope", "read", "--days", "90"
    )
    facts = made.facts
    assert is_secret(facts["secret"])
    assert "nobody can see the secret again" in made.err
    [row] = empty.good("token", "list").rows
    assert [facts["id"], "airflow-prod", "ingest read", "active", facts["expires"], ""] == row[:6]
    gone = empty.good("token", "revoke", "airflow-prod").facts
    assert (facts["id"], "revoked") == (gone["id"], gone["state"])
    assert "revoked" == empty.good("token", "list").rows[0][3]


def test_the_secret_is_shown_once(empty: Cli) -> None:
    secret = empty.good("token", "create", "ci", "--scope", "write", "--json").json["secret"]
    shown = [empty.good("token", "list", *json).out for json in ((), ("--json",))]
    assert not any(re.search(SECRET_PATTERN, each) or secret in each for each in shown)


def test_programs_get_the_token_and_its_secret(empty: Cli) -> None:
    made = empty.good("token", "create", "ci", "--scope", "write", "--author", "ada", "--json").json
    assert (["write"], "ada", None) == (
        made["token"]["scopes"],
        made["token"]["author"],
        made["token"]["expires_at"],
    )
    assert made["token"] == empty.good("token", "list", "--json").json[0]


def test_a_token_is_revoked_by_its_id_or_by_a_secret_that_leaked(empty: Cli) -> None:
    for name in ("a", "b"):
        made = empty.good("token", "create", name, "--scope", "read").facts
        gone = empty.good("token", "revoke", made["id" if name == "a" else "secret"]).facts
        assert (made["id"], "revoked") == (gone["id"], gone["state"])


def test_a_preview_revokes_nothing(empty: Cli) -> None:
    empty.good("token", "create", "ci", "--scope", "read")
    seen = empty.good("token", "revoke", "ci", "--dry-run")
    assert ("active", "nothing was changed\n") == (seen.facts["state"], seen.err)
    assert "active" == empty.good("token", "list").rows[0][3]


def test_a_name_that_is_used_again_means_the_token_that_holds(empty: Cli) -> None:
    first = empty.good("token", "create", "ci", "--scope", "read").facts
    empty.good("token", "revoke", "ci")
    second = empty.good("token", "create", "ci", "--scope", "read").facts
    assert second["id"] == empty.good("token", "revoke", "ci").facts["id"] != first["id"]
    again = empty("token", "revoke", "ci")
    assert 3 == again.code


def test_what_is_wrong_is_said(empty: Cli) -> None:
    empty.good("token", "create", "ci", "--scope", "read")
    for words, code, said in (
        (("create", "ci", "--scope", "read"), 5, "revoke that one first"),
        (("create", "x"), 2, "--scope"),
        (("create", "x", "--scope", "everything"), 2, "everything"),
        (("create", "x", "--scope", "read", "--days", "0"), 2, "--days"),
        (("revoke", "nothing"), 3, "token list"),
    ):
        ran = empty("token", *words)
        assert (code, "") == (ran.code, ran.out)
        assert said in ran.err


def test_a_secret_that_is_not_whole_is_not_repeated(empty: Cli) -> None:
    secret = empty.good("token", "create", "ci", "--scope", "read").facts["secret"]
    ran = empty("token", "revoke", secret[:-1])
    assert 3 == ran.code
    assert secret[12:40] not in ran.err


def test_choices_stand_on_one_line(empty: Cli) -> None:
    ran = empty("token", "create", "ci")
    assert (2, True) == (ran.code, "Choose from: ingest, read, write, admin" in ran.err)
