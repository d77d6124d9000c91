"""What docs/postgresql.md tells an administrator to do works, on a real server."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from lineageflow_server.postgresql import open_postgresql
from lineageflow_server.upgrades import migrate, status_of_tables

from tests.core.cli.commandline import command_lines
from tests.docs.markdown import blocks
from tests.servers.postgresql import Postgresql, running_postgresql

DOCUMENT = "docs/postgresql.md"
SQL = [block.code for block in blocks(DOCUMENT) if block.language == "sql"]
COMMANDS = [line for block in blocks(DOCUMENT) if not block.language for line in block.code.splitlines()]


@pytest.fixture
def server() -> Iterator[Postgresql]:
    with running_postgresql() as server:  # of its own: roles are not kept in a database
        yield server


def execute(address: str, statements: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in statements.split(";\n"):
            connection.execute(statement.encode())


def test_servers_work_with_no_more_than_they_are_granted(server: Postgresql, tmp_path: Path) -> None:
    setting_up, granting = SQL
    owner = server.address("lineageflow", user="lineageflow_owner")
    execute(server.address("postgres"), setting_up)
    migrate(f"{owner}&storage={tmp_path}")
    execute(owner, granting.partition("\n")[2])
    user = server.address("lineageflow", user="lineageflow")
    catalog = open_postgresql(user)
    catalog.repositories.create_repository("sales", author="ada")
    catalog.refs.create_branch("sales", "side", source="main", author="ada")
    catalog.refs.delete_branch("sales", "side", author="ada")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        execute(user, "DROP TABLE refs")
    assert () == status_of_tables(owner, thorough=True).differences


@pytest.mark.parametrize("command", [line for line in COMMANDS if line.startswith("lineageflow ")])
def test_the_command_is_there_with_its_options(command: str) -> None:
    words = shlex.split(command)[1:]
    line = command_lines().get(" ".join(words[:2])) or command_lines()[words[0]]
    assert {word for word in words if word.startswith("--")} <= line.options
