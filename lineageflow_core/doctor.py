"""What `lineageflow doctor` finds: whether what is installed here is configured so that it works.

An installed integration takes part by an entry point of the group `lineageflow.doctor`: a function without
arguments that returns its findings. Core knows none of them, and imports them only when it is asked.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

GROUP = "lineageflow.doctor"
"""The entry points that examine something: functions that return findings."""


class FindingState(StrEnum):
    """How something is configured."""

    GOOD = "good"
    ADVICE = "advice"
    """It works, and could tell more, or do more."""
    WRONG = "wrong"
    """Something does not work so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    about: str
    """Whose it is: `lake`, or the name of an integration."""
    name: str
    state: FindingState
    text: str
    """What is so, in a sentence."""
    lines: tuple[str, ...] = ()
    """What to add to the configuration, exactly."""


def examine_integrations() -> Iterator[Finding]:
    """Yields what the installed integrations find. One that cannot look is itself a finding."""
    from importlib.metadata import entry_points

    for found in entry_points(group=GROUP):
        try:
            examine: Callable[[], Iterable[Finding]] = found.load()
            yield from examine()
        except Exception as error:  # noqa: BLE001  # whatever it is, it is a finding
            yield Finding(
                about=found.name,
                name="examination",
                state=FindingState.WRONG,
                text=f"{found.value} did not come to an end: {type(error).__name__}: {error}",
            )
