"""Searching for datasets and jobs: the one grammar, and what is found.

A search is words and conditions, all of which must hold: `orders owner:ada -tag:pii column:email age:<10d`.

- A word is looked for in names, columns, tags, owners and descriptions, from the start of a word on.
- `field:value` holds where the field is exactly that; `*` stands for any characters, `?` for one.
- `-` in front takes back what follows. Quotes keep together what holds spaces or colons: `owner:"data team"`.
- Upper and lower case are one.

Fields are those of `FIELDS`; what a facet holds is a field too, by the facet's key and the way to the value:
`storage.storageLayer:iceberg`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.known import KnownDataset, KnownJob
from lineageflow_core.model.lineage import DatasetName
from lineageflow_core.model.run import RunState

FIELDS = {
    "name": "the whole name",
    "namespace": "where it is: s3://lake",
    "owner": "who owns it",
    "tag": "a tag, its value, or both: pii, level=high",
    "column": "a column, with or without those around it",
    "facet": "a facet that it has: ownership",
    "kind": "dataset, job, or what a producer calls its type: table, model, topic",
    "state": "of the run that wrote it last, or of the job's last run: " + ", ".join(RunState),
    "based_on": "made of that dataset by a run, or a job that read it: orders, s3://lake/orders",
    "based_on+": "the same, also by way of others",
    "age": "since then: <10d, >2w; m, h, d and w are minutes, hours, days and weeks",
}
"""What can be asked for, and what it means."""
BASED_ON, BASED_ON_ANY_WAY = "based_on", "based_on+"
MAX_LENGTH = 1000
"""Characters of a search."""
MAX_TERMS = 20
LONGEST = 200
"""Characters of a value that is found: longer ones are cut."""

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGE = re.compile(r"(?P<side>[<>])(?P<count>\d{1,6})(?P<unit>[mhdw])")
_NAMESPACE = re.compile(r"(?:[^/]*://)?[^/]*/", re.DOTALL)
_TERM = re.compile(r'(?:[^\s"]|"(?:[^"\\]|\\.)*")+')
_FIELD = re.compile(r'(?P<field>[^\s":*?]+):(?!//)(?P<value>.*)', re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a text is to be like: pieces with a wildcard between each two."""

    pieces: tuple[str, ...]
    """In lower case; a piece that is a wildcard is `*` or `?`, and all others stand for themselves."""
    wild: frozenset[int] = frozenset()
    """Which of the pieces are wildcards."""

    @property
    def is_exact(self) -> bool:
        """Tells whether it has no wildcard."""
        return not self.wild

    @property
    def exact(self) -> str:
        """The text itself, where it has no wildcard, as far as values are kept."""
        return "".join(self.pieces)[:LONGEST]

    def parted(self) -> "tuple[Text, Text] | None":
        """Returns a namespace and the name in it, as nodes have them; None where it can only be a name."""
        match = _NAMESPACE.match("".join(self.pieces))
        if match is None:
            return None
        sides: tuple[list[str], list[str]] = [], []
        wild: tuple[set[int], set[int]] = set(), set()
        place, cut = 0, match.end() - 1
        for index, piece in enumerate(self.pieces):
            for side, part in enumerate((piece[: max(cut - place, 0)], piece[max(cut + 1 - place, 0) :])):
                if part:
                    wild[side].update([len(sides[side])] if index in self.wild else ())
                    sides[side].append(part)
            place += len(piece)
        found = tuple(
            Text(pieces=tuple(each), wild=frozenset(some)) for each, some in zip(sides, wild, strict=True)
        )
        return (found[0], found[1]) if all(each.pieces for each in found) else None

    def like(self) -> str:
        r"""Returns it as SQL's LIKE has it, with `\` before what stands for itself."""
        return "".join(
            {"*": "%", "?": "_"}[piece] if index in self.wild else re.sub(r"([\\%_])", r"\\\1", piece)
            for index, piece in enumerate(self.pieces)
        )

    def matches(self, value: str) -> bool:
        """Tells whether a text, in lower case, is like this one as a whole."""
        start, *rest = self._between_stars()
        if rest:
            # Atomic: each part is where it comes first, or many stars would be tried in all combinations.
            *middle, end = rest
            start += "".join(f"(?>.*?{part})" for part in middle) + f".*{end}"
        return re.fullmatch(start, value, re.DOTALL) is not None

    def _between_stars(self) -> list[str]:
        """Returns what stands between the stars, as regular expressions."""
        parts = [""]
        for index, piece in enumerate(self.pieces):
            if index not in self.wild:
                parts[-1] += re.escape(piece)
            elif piece == "?":
                parts[-1] += "."
            else:
                parts.append("")
        return parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One term of a search."""

    field: str | None
    """None: a word, which is looked for in all fields that hold words."""
    text: Text
    negated: bool = False
    also: tuple[Text, ...] = ()
    """Texts that will do as well."""
    sources: tuple[DatasetName, ...] = ()
    """Of the field `based_on`: the datasets that it means."""
    age: timedelta | None = None
    """Of the field `age`."""
    younger: bool = False
    """Of the field `age`: less long ago than that, else longer."""

    @property
    def texts(self) -> tuple[Text, ...]:
        """What will do: one of these."""
        return self.text, *self.also

    def since(self, now: datetime) -> datetime:
        """Returns when the `age` of this condition begins: with the calendar, if it is longer than that."""
        assert self.age is not None
        return now - min(self.age, now - datetime.min.replace(tzinfo=now.tzinfo))


class FoundKind(StrEnum):
    """What can be found."""

    DATASET = "dataset"
    JOB = "job"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A dataset or a job that a search found."""

    kind: FoundKind
    rank: int
    """How well its name fits: 0 is best, and equal to the word that was looked for."""
    dataset: KnownDataset | None = None
    job: KnownJob | None = None


def parse_search(text: str) -> tuple[Condition, ...]:
    """Returns the conditions of a search. Raises InvalidInputError, naming the term that is wrong."""
    if len(text) > MAX_LENGTH:
        raise InvalidInputError(f"a search has {MAX_LENGTH} characters at most, not {len(text)}")
    if '"' in _QUOTED.sub("", text):
        raise InvalidInputError(f"a quote is not closed in {text!r}: write both, or none")
    found = tuple(_condition(term) for term in _TERM.findall(text))
    if len(found) > MAX_TERMS:
        raise InvalidInputError(f"a search has {MAX_TERMS} terms at most, not {len(found)}")
    return found


def _condition(term: str) -> Condition:
    negated = term.startswith("-") and len(term) > 1
    said = term[1:] if negated else term
    named = _FIELD.fullmatch(said)
    if named is None:
        return Condition(field=None, text=_text(said, term), negated=negated)
    field, value = named["field"].lower(), named["value"]
    if field not in FIELDS and "." not in field:
        raise InvalidInputError(
            f"{term!r} asks for {named['field']!r}, which is no field; there are {', '.join(FIELDS)}, and "
            "what facets hold, as in storage.storageLayer:iceberg; a name with a colon is written in quotes"
        )
    if not value:
        raise InvalidInputError(f"{term!r} has no value; write one behind the colon: {field}:...")
    if field == "age":
        return _age(term, value, negated=negated)
    text = _text(value, term)
    if field == "state" and text.is_exact and text.exact not in set(RunState):
        raise InvalidInputError(f"{term!r} names no state; there are {', '.join(RunState)}")
    return Condition(field=field, text=text, negated=negated)


def _age(term: str, value: str, *, negated: bool) -> Condition:
    age = _AGE.fullmatch(value.lower())
    if age is None:
        raise InvalidInputError(
            f"{term!r} is no age; write age:<10d for what is younger than ten days, age:>2w for what is "
            f"older than two weeks ({', '.join(f'{unit}: {name}' for unit, name in _UNITS.items())})"
        )
    return Condition(
        field="age",
        text=_text(value, term),
        negated=negated,
        age=timedelta(**{_UNITS[age["unit"]]: int(age["count"])}),
        younger=age["side"] == "<",
    )


def _text(value: str, term: str) -> Text:
    pieces = list(_pieces(value))
    if not "".join(piece for piece, _ in pieces):
        raise InvalidInputError(f"{term!r} is empty; write what is looked for")
    return Text(
        pieces=tuple(piece.lower() for piece, _ in pieces),
        wild=frozenset(index for index, (_, is_wild) in enumerate(pieces) if is_wild),
    )


def _pieces(value: str) -> Iterator[tuple[str, bool]]:
    """Yields pieces of a text, and whether each is a wildcard: what is in quotes never is."""
    for index, part in enumerate(_QUOTED.split(value)):
        if index % 2:
            yield _ESCAPED.sub(r"\1", part), False
        else:
            yield from ((each, each in {"*", "?"}) for each in re.split(r"([*?])", part) if each)
