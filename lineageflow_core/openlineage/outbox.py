"""`Outbox`: a folder that keeps events until their receiver has them.

One file an event, under a name that holds its digest; so any number of processes, of any age, share a folder
without knowing of each other, also on a network file system. A file is written aside, flushed, and renamed:
whatever kills a process, and whenever, an event that `put` has returned for is there, whole, until somebody
removes it. Who delivers what is not its business (`courier`); two that deliver the same do no harm, because
a receiver tells events apart by their digest.

```
<folder>/<the receiver's address, percent-encoded>/writing/    being written, or left by who was killed then
                                                   waiting/    <instant>-<digest>-<size>.json
                                                   refused/    the same, and why: <the same name>.txt
                                                   turns       a lock file: who delivers what is left
```

Invariant: nothing leaves `waiting` but into the receiver's hands or into `refused`, and nothing is dropped to
make room. The size is bounded: where the bound is reached, `put` raises.
"""

import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from lineageflow_core.errors import InvalidInputError, StorageFullError
from lineageflow_core.model.outbox import OutboxStatus
from lineageflow_core.model.server_address import split_server_address
from lineageflow_core.openlineage.canonical import canonical_json, event_digest
from lineageflow_core.store.durability import flush_folder, make_folder, storage_errors
from lineageflow_core.store.turns import FileTurns

VARIABLE = "LINEAGEFLOW_OUTBOX"
"""Names the folder, where the environment may be asked."""
DEFAULT_LIMIT = 1 << 30
"""Bytes that one receiver's outbox may hold: some 300,000 events."""

_NAME = re.compile(r"(?P<instant>\d{20})-(?P<digest>[0-9a-f]{64})-(?P<size>\d+)\.json")
_LONGEST_NAME = 240
"""Characters that a folder's name may have; file systems allow 255."""
_LEASE = 4 << 20
"""Bytes that a process may write before it measures the folder again: others write, too."""
_ABANDONED_SECONDS = 24 * 3600.0
"""A file that has been written for so long is nobody's."""
_REASONS = 3


def outbox_folder(environment: Mapping[str, str]) -> Path | None:
    """Returns the folder where a user's events wait: as the environment says, else the user's state folder.

    `LINEAGEFLOW_OUTBOX`, else `lineageflow/outbox` in `XDG_STATE_HOME` (XDG Base Directory Specification),
    else in `~/.local/state`. None where the environment knows no home: then nothing can be kept.
    """
    if given := environment.get(VARIABLE):
        return Path(given).absolute()
    state = environment.get("XDG_STATE_HOME", "")
    if not os.path.isabs(state):
        home = environment.get("HOME", "")
        if not os.path.isabs(home):
            return None
        state = os.path.join(home, ".local", "state")
    return Path(state, "lineageflow", "outbox")


@dataclass(frozen=True, slots=True)
class Waiting:
    """The name of an event's file; sorted, the one kept first is first."""

    name: str

    @property
    def digest(self) -> bytes:
        """What identifies the event, here and at its receiver."""
        return bytes.fromhex(self._part("digest"))

    @property
    def size(self) -> int:
        """In bytes."""
        return int(self._part("size"))

    @property
    def at(self) -> datetime:
        """When the event was kept, UTC."""
        return datetime.fromtimestamp(int(self._part("instant")) / 1e9, UTC)

    def _part(self, part: str) -> str:
        found = _NAME.fullmatch(self.name)
        assert found is not None  # only such names are made of a listing
        return found[part]


class Outbox:
    """What waits in `folder` for the receiver at `url`. Nothing is made or looked at before the first call.

    `limit` is in bytes, of all that is kept for this receiver. Processes that write at once may go beyond it
    by 4 MiB each. Raises InvalidInputError for an address that is none, or holds a password.
    """

    def __init__(self, folder: Path, url: str, *, limit: int = DEFAULT_LIMIT) -> None:
        self.url = receiver_address(url)
        self.folder = folder / quote(self.url, safe="")
        self._root = folder
        self._limit = limit
        self._lease = 0
        """Bytes that may be written before the folder is measured again."""
        self._made = False

    def put(self, event: Mapping[str, Any]) -> Waiting:
        """Keeps an event; it is durable on return. Never waits for a network, but for the disk.

        Raises TypeError or ValueError for what JSON cannot hold, StorageFullError where the disk or the
        outbox is full, and StorageError where the folder cannot be written.
        """
        return self.put_canonical(canonical_json(event))

    def put_canonical(self, body: bytes) -> Waiting:
        """Keeps an event that is canonical JSON already; see `put`."""
        waiting = Waiting(f"{time.time_ns():020d}-{event_digest(body).hex()}-{len(body)}.json")
        with storage_errors(self.folder):
            self._make_room(len(body))
            try:
                self._write("waiting", waiting.name, body)
            except FileNotFoundError:  # somebody has cleared the folder away
                self._made = False
                self._make_folders()
                self._write("waiting", waiting.name, body)
        return waiting

    def waiting(self) -> list[Waiting]:
        """Returns what waits, the one kept first first."""
        return self._names("waiting")

    def read(self, waiting: Waiting) -> bytes | None:
        """Returns an event as canonical JSON; None if it is gone, because somebody else delivered it.

        One whose bytes are not what they were is set aside, and gone, too.
        """
        try:
            with storage_errors(self.folder):
                body = (self.folder / "waiting" / waiting.name).read_bytes()
        except OSError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise
        if event_digest(body) != waiting.digest:
            self.set_aside(waiting, "the file was damaged: its bytes do not have the digest in its name")
            return None
        return body

    def remove(self, delivered: Iterable[Waiting]) -> None:
        """Forgets events that the receiver has."""
        with storage_errors(self.folder):
            for waiting in delivered:
                with suppress(FileNotFoundError):
                    os.unlink(self.folder / "waiting" / waiting.name)

    def set_aside(self, waiting: Waiting, reason: str) -> None:
        """Keeps an event apart that the receiver will never take as it is, with the reason."""
        with storage_errors(self.folder):
            self._make_folders()
            reason_file = self.folder / "refused" / f"{waiting.name}.txt"
            with suppress(OSError):  # a full disk must not keep it from being set aside
                self._write("refused", reason_file.name, reason.encode("utf-8", "replace"))
            try:
                os.rename(self.folder / "waiting" / waiting.name, self.folder / "refused" / waiting.name)
            except FileNotFoundError:  # somebody else was faster
                if not (self.folder / "refused" / waiting.name).exists():
                    reason_file.unlink(missing_ok=True)

    def readmit(self) -> int:
        """Lets all refused events wait again, and returns how many there are."""
        refused = self._names("refused")
        with storage_errors(self.folder):
            for each in refused:
                with suppress(FileNotFoundError):
                    os.rename(self.folder / "refused" / each.name, self.folder / "waiting" / each.name)
                (self.folder / "refused" / f"{each.name}.txt").unlink(missing_ok=True)
        return len(refused)

    def status(self) -> OutboxStatus:
        """Returns what is kept."""
        waiting, refused = self._names("waiting"), self._names("refused")
        return OutboxStatus(
            receiver=self.url,
            waiting=len(waiting),
            waiting_bytes=sum(each.size for each in waiting),
            oldest=waiting[0].at if waiting else None,
            refused=len(refused),
            refused_bytes=sum(each.size for each in refused),
            reasons=tuple(self._reasons(refused)),
        )

    def tidy(self) -> None:
        """Removes what processes left that were killed while they wrote: nobody was told that it is kept."""
        with storage_errors(self.folder), suppress(FileNotFoundError):
            for entry in os.scandir(self.folder / "writing"):
                with suppress(FileNotFoundError):
                    if entry.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
                        os.unlink(entry)

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Gives the turn to deliver what is left here, unless a living process has it; tells which.

        A turn only keeps many processes from sending the same things. Where the file system has no locks,
        everybody has it.
        """
        with storage_errors(self.folder):
            self._make_folders()
        with FileTurns(self.folder / "turns").turn_if_free("deliver") as free:
            yield free

    def _make_room(self, size: int) -> None:
        self._make_folders()
        if self._lease < size:
            held = sum(each.size for folder in ("waiting", "refused") for each in self._names(folder))
            room = self._limit - held
            if room < size:
                raise StorageFullError(
                    f"the outbox {self.folder} is full: {held} of {self._limit} bytes wait for {self.url}. "
                    "Make the receiver reachable, or deliver with `lineageflow outbox flush`; what is kept "
                    "stays, but new events are not kept",
                    place=str(self.folder),
                )
            self._lease = max(size, min(room, _LEASE))
        self._lease -= size

    def _make_folders(self) -> None:
        if self._made:
            return
        if not self._root.is_dir():
            make_folder(self._root.parent)
            self._root.mkdir(mode=0o700, exist_ok=True)
            flush_folder(self._root.parent)
        for name in ("writing", "waiting", "refused"):
            make_folder(self.folder / name)
        self._made = True

    def _write(self, folder: str, name: str, content: bytes) -> None:
        temporary = self.folder / "writing" / f"{os.getpid()}-{secrets.token_hex(8)}"
        try:
            _write_durably(temporary, content)
            os.rename(temporary, self.folder / folder / name)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
        flush_folder(self.folder / folder)

    def _names(self, folder: str) -> list[Waiting]:
        with storage_errors(self.folder):
            try:
                names = os.listdir(self.folder / folder)
            except FileNotFoundError:
                return []
        return [Waiting(name) for name in sorted(names) if _NAME.fullmatch(name)]

    def _reasons(self, refused: list[Waiting]) -> dict[str, None]:
        reasons: dict[str, None] = {}
        for each in reversed(refused):
            with suppress(OSError):
                text = (self.folder / "refused" / f"{each.name}.txt").read_text("utf-8", "replace")
                reasons.setdefault(text)
            if len(reasons) == _REASONS:
                break
        return reasons


def receiver_address(url: str) -> str:
    """Returns a receiver's address in the one form that names it. Raises InvalidInputError."""
    parts = split_server_address(url, of="a receiver")
    address = url.rstrip("/")
    if parts.username is not None or parts.password is not None:
        raise InvalidInputError(
            "a receiver's address names no user, because it is stored: give the credentials as a token"
        )
    if len(quote(address, safe="")) > _LONGEST_NAME:
        raise InvalidInputError(f"{url[:50]}... is too long for a receiver's address")
    return address


def receivers_in(folder: Path) -> list[str]:
    """Returns the addresses of the receivers that `folder` has kept something for."""
    with storage_errors(folder):
        try:
            names = sorted(os.listdir(folder))
        except FileNotFoundError:
            return []
    addresses = []
    for name in names:
        with suppress(InvalidInputError):
            address = receiver_address(unquote(name))
            if quote(address, safe="") == name:
                addresses.append(address)
    return addresses


def _write_durably(path: Path, content: bytes) -> None:
    # Events say what is in queries and errors, and the folder may be one that others may enter.
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(file, left) :]
        os.fsync(file)
    finally:
        os.close(file)
