"""What waits for a receiver, in a folder."""

import os
import stat
import time
from contextlib import suppress
from pathlib import Path

import pytest

from lineageflow_core.errors import InvalidInputError, StorageError, StorageFullError
from lineageflow_core.openlineage import outbox as outbox_module
from lineageflow_core.openlineage.canonical import canonical_json, event_digest
from lineageflow_core.openlineage.outbox import Outbox, outbox_folder, receivers_in
from tests.core.openlineage.letters import an_event

URL = "http://lake.example:8765"


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox", URL)


def test_what_is_put_waits_in_the_order_of_its_arrival(outbox: Outbox) -> None:
    put = [outbox.put(an_event(number)) for number in range(5)]
    assert put == outbox.waiting()
    assert [canonical_json(an_event(number)) for number in range(5)] == [outbox.read(each) for each in put]
    assert [event_digest(canonical_json(an_event(number))) for number in range(5)] == [
        each.digest for each in put
    ]


def test_another_process_sees_the_same(outbox: Outbox, tmp_path: Path) -> None:
    put = outbox.put(an_event(1))
    assert [put] == Outbox(tmp_path / "outbox", URL + "/").waiting()


def test_each_receiver_has_its_own(outbox: Outbox, tmp_path: Path) -> None:
    other = Outbox(tmp_path / "outbox", "https://other.example/at/a/path/")
    outbox.put(an_event(1))
    assert [] == other.waiting()
    other.put(an_event(2))
    assert [URL, "https://other.example/at/a/path"] == receivers_in(tmp_path / "outbox")


def test_what_is_delivered_is_gone_and_may_be_told_twice(outbox: Outbox) -> None:
    first, second = outbox.put(an_event(1)), outbox.put(an_event(2))
    outbox.remove([first])
    outbox.remove([first])
    assert [second] == outbox.waiting()
    assert outbox.read(first) is None


def test_what_is_refused_is_kept_with_the_reason_and_can_wait_again(outbox: Outbox) -> None:
    first, second = outbox.put(an_event(1)), outbox.put(an_event(2))
    outbox.set_aside(first, "too odd")
    outbox.set_aside(first, "too odd")
    status = outbox.status()
    assert [second] == outbox.waiting()
    assert (1, 1, ("too odd",), first.size) == (
        status.waiting,
        status.refused,
        status.reasons,
        status.refused_bytes,
    )
    assert 1 == outbox.readmit()
    assert [first, second] == outbox.waiting()
    assert () == outbox.status().reasons


def test_the_status_of_what_was_never_used_is_empty_and_makes_nothing(outbox: Outbox, tmp_path: Path) -> None:
    status = outbox.status()
    assert (URL, 0, None, 0) == (status.receiver, status.waiting, status.oldest, status.refused)
    assert [] == receivers_in(tmp_path / "outbox")
    assert [] == list(tmp_path.iterdir())


def test_a_damaged_event_is_set_aside_and_never_sent(outbox: Outbox) -> None:
    put = outbox.put(an_event(1))
    (outbox.folder / "waiting" / put.name).write_bytes(b"{}")
    assert outbox.read(put) is None
    assert [] == outbox.waiting()
    assert "damaged" in outbox.status().reasons[0]


def test_a_full_outbox_says_so_and_drops_nothing(tmp_path: Path) -> None:
    size = len(canonical_json(an_event(1)))
    outbox = Outbox(tmp_path, URL, limit=3 * size)
    put = [outbox.put(an_event(number)) for number in range(3)]
    with pytest.raises(StorageFullError, match=r"is full.*lineageflow outbox flush"):
        outbox.put(an_event(3))
    assert put == outbox.waiting()
    outbox.remove(put[:1])
    outbox.put(an_event(3))
    assert 3 == len(outbox.waiting())


def test_what_is_refused_takes_room_too(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, URL, limit=2 * len(canonical_json(an_event(1))))
    outbox.set_aside(outbox.put(an_event(1)), "no")
    outbox.put(an_event(2))
    with pytest.raises(StorageFullError):
        outbox.put(an_event(3))


def test_what_others_put_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(canonical_json(an_event(10)))
    limit = 100 * size
    monkeypatch.setattr(outbox_module, "_LEASE", 10 * size)
    writers = [Outbox(tmp_path, URL, limit=limit) for _ in range(3)]
    kept = 0
    for number in range(10, 300):
        with suppress(StorageFullError):
            writers[number % 3].put(an_event(number))
            kept += 1
    held = sum(each.size for each in writers[0].waiting())
    assert kept == len(writers[0].waiting())
    assert limit - size < held <= limit + 2 * 10 * size


def test_a_disk_that_is_full_or_read_only_leaves_nothing_half_written(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.put(an_event(1))
    written = os.write

    def fails(file: int, content: bytes) -> int:
        written(file, content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.write", fails)
    with pytest.raises(StorageFullError):
        outbox.put(an_event(2))
    monkeypatch.undo()
    assert 1 == len(outbox.waiting())
    assert [] == list((outbox.folder / "writing").iterdir())


def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError):
        Outbox(tmp_path / "file" / "outbox", URL).put(an_event(1))


def test_a_folder_that_was_cleared_away_is_made_again(outbox: Outbox) -> None:
    outbox.remove([outbox.put(an_event(1))])
    for name in ("writing", "waiting", "refused"):
        (outbox.folder / name).rmdir()
    outbox.put(an_event(2))
    assert 1 == len(outbox.waiting())


def test_what_was_abandoned_is_tidied_and_what_is_being_written_is_not(outbox: Outbox) -> None:
    outbox.put(an_event(1))
    fresh, abandoned = outbox.folder / "writing" / "1-a", outbox.folder / "writing" / "1-b"
    fresh.write_bytes(b"{")
    abandoned.write_bytes(b"{")
    os.utime(abandoned, (0, time.time() - 2 * 24 * 3600))
    outbox.tidy()
    assert [fresh] == list((outbox.folder / "writing").iterdir())
    assert 1 == len(outbox.waiting())


def test_files_of_others_are_left_alone(outbox: Outbox) -> None:
    put = outbox.put(an_event(1))
    (outbox.folder / "waiting" / ".nfs0001").write_bytes(b"")
    assert [put] == outbox.waiting()


def test_one_at_a_time_has_the_turn(outbox: Outbox, tmp_path: Path) -> None:
    other = Outbox(tmp_path / "outbox", URL)
    with outbox.turn() as first, other.turn() as second:
        assert (True, False) == (first, second)
    with other.turn() as second:
        assert second


def test_only_its_user_may_look_in(outbox: Outbox, tmp_path: Path) -> None:
    put = outbox.put(an_event(1))
    outbox.set_aside(put, "why")
    assert 0o700 == stat.S_IMODE((tmp_path / "outbox").stat().st_mode)
    files = list((outbox.folder / "refused").iterdir())
    assert [0o600, 0o600] == [stat.S_IMODE(file.stat().st_mode) for file in files]


@pytest.mark.parametrize(
    "url",
    [
        "lake.example",
        "ftp://lake.example",
        "http://a:b@lake.example",
        "http://h?q=1",
        "http://" + "h" * 300,
        "http://h:99999",
        "http://h:port",
        "http://[::1",
        "http://two words",
        "http://h/\n",
    ],
)
def test_an_address_that_can_receive_nothing_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(InvalidInputError):
        Outbox(tmp_path, url)


@pytest.mark.parametrize(
    "environment, folder",
    [
        ({"LINEAGEFLOW_OUTBOX": "/a", "HOME": "/h", "XDG_STATE_HOME": "/s"}, Path("/a")),
        ({"HOME": "/h", "XDG_STATE_HOME": "/s"}, Path("/s/lineageflow/outbox")),
        ({"HOME": "/h", "XDG_STATE_HOME": "relative"}, Path("/h/.local/state/lineageflow/outbox")),
        ({"HOME": "/h"}, Path("/h/.local/state/lineageflow/outbox")),
        ({}, None),
    ],
)
def test_where_events_wait_is_what_the_environment_says(
    environment: dict[str, str], folder: Path | None
) -> None:
    assert folder == outbox_folder(environment)
