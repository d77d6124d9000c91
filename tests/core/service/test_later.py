"""Parts of a lake are made and loaded when they are first asked for: once, and as if they had been there."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from lineageflow_core.service.later import Later


class Part:
    def __init__(self, made: list["Part"]) -> None:
        made.append(self)

    def answer(self) -> str:
        return "yes"


def test_a_part_is_made_when_it_is_asked_the_first_thing() -> None:
    made: list[Part] = []
    part = Later(lambda: Part(made))
    assert [] == made
    assert "yes" == part.answer() == part.answer()
    assert 1 == len(made)


def test_threads_that_ask_at_once_have_the_same_part() -> None:
    made: list[Part] = []
    part, together = Later(lambda: Part(made)), Barrier(4)

    def ask(_: int) -> str:
        together.wait()
        return str(part.answer())

    with ThreadPoolExecutor(4) as threads:
        assert ["yes"] * 4 == list(threads.map(ask, range(4)))
    assert 1 == len(made)


def test_what_a_part_does_not_have_is_missed_under_its_name() -> None:
    with pytest.raises(AttributeError, match="'Part' object has no attribute 'other'"):
        _ = Later(lambda: Part([])).other


def test_a_process_that_writes_and_reads_loads_only_that() -> None:
    code = (
        "import sys, lineageflow_core;"
        "repo = lineageflow_core.connect('memory:').repository('r').create();"
        "repo.put('a', b'1');"
        "repo.catalog.objects.get_dataset('r', 'main', 'a');"
        "rest = ('plans', 'imports', 'sweeping', 'staging', 'overview', 'tables');"
        "print([name for name in rest if f'lineageflow_core.service.{name}' in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.strip()
