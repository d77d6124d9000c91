"""What every `Source` promises."""

import os
from collections.abc import Callable, Iterable

import pytest

from lineageflow_core.errors import ChangedUnderneathError
from lineageflow_core.store.sources import Found, Source

Write = Callable[[str, bytes], None]
"""Puts bytes under a name at the source, whoever's they are."""
Remove = Callable[[str], None]

CONTENTS = {"a": b"1", "a-b": b"", "b/c": b"22", "b/d/e": b"333", "é #%&=+.csv": b"4"}


class SourceContract:
    """Needs the fixtures `source` (empty), `write`, `remove`, and `pause`, which outwaits its clock."""

    def test_what_is_there_is_listed_by_code_point(self, source: Source, write: Write) -> None:
        fill(write, CONTENTS)
        listed = names(source.pages())
        assert [(name, len(CONTENTS[name])) for name in sorted(CONTENTS)] == [
            (each.name, each.size) for each in listed
        ]
        assert [source.find(each.name) for each in listed] == listed

    def test_a_listing_goes_on_behind_any_name(self, source: Source, write: Write) -> None:
        fill(write, CONTENTS)
        listed = names(source.pages())
        for number, each in enumerate(listed, start=1):
            assert listed[number:] == names(source.pages(after=each.name))
        assert listed[2:] == names(source.pages(after="b/"))

    def test_a_long_listing_comes_in_pages(self, source: Source, write: Write) -> None:
        for number in range(1_100):
            write(f"many/{number:04}", b"")
        pages = list(source.pages())
        assert [f"many/{number:04}" for number in range(1_100)] == [each.name for each in names(pages)]
        assert source_is_small(pages)

    def test_an_object_is_read_from_anywhere(self, source: Source, write: Write) -> None:
        content = os.urandom(200_000)
        write("x", content)
        with source.open(one(source, "x")) as stream:
            assert content == stream.read()
            assert 199_990 == stream.seek(-10, os.SEEK_END)
            assert content[-10:] == stream.read()
            stream.seek(7)
            assert content[7:9] == stream.read(2)
            assert 9 == stream.tell()

    def test_every_name_is_read(self, source: Source, write: Write) -> None:
        fill(write, CONTENTS)
        for name, content in CONTENTS.items():
            with source.open(one(source, name)) as stream:
                assert content == stream.read()

    @pytest.mark.parametrize("content", [b"b", b"bb", b""])
    def test_another_version_is_not_passed_off(
        self, source: Source, write: Write, pause: Callable[[], None], content: bytes
    ) -> None:
        write("x", b"a")
        found = one(source, "x")
        pause()
        write("x", content)
        with pytest.raises(ChangedUnderneathError, match="x was changed"):
            read(source, found)
        with source.open(one(source, "x")) as stream:
            assert content == stream.read()

    @pytest.mark.parametrize("content", [b"a", b""])
    def test_what_is_gone_is_told(self, source: Source, write: Write, remove: Remove, content: bytes) -> None:
        write("x", content)
        found = one(source, "x")
        remove("x")
        assert source.find("x") is None
        with pytest.raises(ChangedUnderneathError, match="nothing is there") as caught:
            read(source, found)
        assert {"url", "expected", "found"} == caught.value.details.keys()

    def test_nothing_is_an_empty_listing(self, source: Source) -> None:
        assert [] == names(source.pages())


def fill(write: Write, contents: dict[str, bytes]) -> None:
    """Puts all of these at the source."""
    for name, content in contents.items():
        write(name, content)


def names(pages: Iterable[list[Found]]) -> list[Found]:
    """Returns what is on all pages."""
    return [each for page in pages for each in page]


def source_is_small(pages: list[list[Found]]) -> bool:
    """Tells whether no page holds very much."""
    return all(len(page) <= 5_000 for page in pages)


def one(source: Source, name: str) -> Found:
    """Returns what has a name."""
    found = source.find(name)
    assert found is not None
    return found


def read(source: Source, found: Found) -> bytes:
    """Returns all bytes of a version."""
    with source.open(found) as stream:
        return stream.read()
