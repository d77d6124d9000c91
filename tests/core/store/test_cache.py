import os
import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

import pytest

from lineageflow_core.store.cache import ReadCache

CAPACITY = 1 << 20
ENTRY = 20_000


def entries(root: Path) -> list[Path]:
    return [path for path in root.glob("[0-9a-f][0-9a-f]/*") if path.is_file()]


def size_of(root: Path) -> int:
    """Returns what the entries take, also those that are not finished."""
    total = 0
    for folder, _, names in os.walk(root):
        for name in names:
            with suppress(FileNotFoundError):  # it was given its name, or dropped, just now
                size = os.stat(os.path.join(folder, name)).st_size
                total += -(-size // 4096) * 4096 if name != "tally" else 0
    return total


@pytest.fixture
def cache(tmp_path: Path) -> ReadCache:
    return ReadCache(tmp_path / "cache", capacity=CAPACITY)


def test_what_was_put_is_there(cache: ReadCache) -> None:
    cache.put("a", b"content")
    cache.put("empty", b"")
    assert (b"content", b"", None) == (cache.get("a"), cache.get("empty"), cache.get("b"))


def test_a_cache_that_was_never_written_is_empty(cache: ReadCache) -> None:
    assert cache.get("a") is None


@pytest.mark.parametrize(
    "damage",
    [lambda whole: whole[:-1], lambda whole: whole[:-1] + b"x", lambda _: b""],
    ids=["torn", "bit", "none"],
)
def test_a_damaged_entry_is_dropped(
    cache: ReadCache, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    cache.put("a", b"content")
    [entry] = entries(tmp_path / "cache")
    entry.write_bytes(damage(entry.read_bytes()))
    assert cache.get("a") is None
    assert not entry.exists()


def test_an_entry_under_another_s_name_is_dropped(cache: ReadCache, tmp_path: Path) -> None:
    cache.put("a", b"of a")
    [of_a] = entries(tmp_path / "cache")
    cache.put("b", b"of b")
    [of_b] = set(entries(tmp_path / "cache")) - {of_a}
    of_a.replace(of_b)
    assert cache.get("b") is None


def test_it_never_grows_beyond_its_capacity(cache: ReadCache, tmp_path: Path) -> None:
    for number in range(200):
        cache.put(str(number), os.urandom(ENTRY))
        assert size_of(tmp_path / "cache") <= CAPACITY
    assert cache.get("199") is not None


def test_what_was_used_last_is_kept(cache: ReadCache, tmp_path: Path) -> None:
    for number in range(200):
        cache.put(str(number), bytes(ENTRY))
        assert cache.get("0") == bytes(ENTRY)
        # file systems tell times in ticks: this puts what was not used into the past
        for entry in entries(tmp_path / "cache"):
            os.utime(entry, ns=(0, entry.stat().st_mtime_ns - 1_000_000_000))
    assert cache.get("1") is None


def test_what_would_drive_out_the_rest_is_not_kept(cache: ReadCache) -> None:
    cache.put("small", b"x")
    cache.put("large", bytes(CAPACITY // 2))
    assert (b"x", None) == (cache.get("small"), cache.get("large"))


def test_a_cache_that_cannot_be_written_is_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = ReadCache(tmp_path / "file")
    cache.put("a", b"content")
    assert cache.get("a") is None


def fill(root: Path, start: int) -> None:
    cache = ReadCache(root, capacity=CAPACITY)
    for number in range(start, start + 300):
        cache.put(str(number), number.to_bytes(4) * (ENTRY // 4))


@pytest.mark.crash
def test_processes_share_it_and_die_in_it(tmp_path: Path) -> None:
    root = tmp_path / "cache"
    context = get_context("spawn")
    for wave in range(3):
        writers = [context.Process(target=fill, args=(root, 1000 * wave + 100 * at)) for at in range(3)]
        for writer in writers:
            writer.start()
        while writers[0].is_alive() and len(entries(root)) < 10 * (wave + 1):
            assert size_of(root) <= CAPACITY
        assert writers[0].pid is not None
        os.kill(writers[0].pid, signal.SIGKILL)
        for writer in writers:
            writer.join()
        assert [-signal.SIGKILL, 0, 0] == [writer.exitcode for writer in writers] or writers[0].exitcode == 0
        assert size_of(root) <= CAPACITY
    cache = ReadCache(root, capacity=CAPACITY)
    kept = {number: cache.get(str(number)) for number in range(3000)}
    assert all(content in {None, number.to_bytes(4) * (ENTRY // 4)} for number, content in kept.items())
    assert any(kept.values())


def test_what_a_killed_process_left_goes_when_room_is_made(cache: ReadCache, tmp_path: Path) -> None:
    cache.put("a", b"x")
    (tmp_path / "cache" / "tmp" / "1-left").write_bytes(bytes(100))
    for number in range(100):
        cache.put(str(number), os.urandom(ENTRY))
    assert [] == list((tmp_path / "cache" / "tmp").iterdir())
