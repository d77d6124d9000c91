"""Lineage across renames: a repository's datasets have one namespace in the stores, whatever it is called.

An event names a repository by what it was called then. The stores keep the namespace of the repository's
*first* name, which lasts; what they are asked, and what they answer, is in today's names. Where a repository
took a name that another had first, its id tells the two apart. Nothing is rewritten by a rename.

What goes in is put under the names that last where it is folded (`lasting_facts`, `lasting_words`), because
only there it is known as of when. What comes out goes by the types of the ports (`across_renames`): whatever
names a dataset is put under today's name, wherever it stands in an answer, so no method can be forgotten.
Methods that name no dataset are the stores' own; and in a lake where nothing was renamed, nothing is
translated. Lists are cut by the names that last, so they stay in their order where a repository was renamed.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import is_dataclass, replace
from datetime import datetime
from functools import cache, partial
from typing import Any, TypeAlias, TypeVar, cast, get_args, get_origin, get_type_hints

from lineageflow_core.model.known import KnownNamespace
from lineageflow_core.model.lineage import DatasetName, Io, Version
from lineageflow_core.model.repository import RepositoryName
from lineageflow_core.model.search import Condition, Text
from lineageflow_core.openlineage.canonical import canonical_json
from lineageflow_core.openlineage.naming import dataset_namespace, repository_of
from lineageflow_core.openlineage.record import Key, Said, Words
from lineageflow_core.store.ports import (
    DatasetStore,
    LineageLook,
    RepositoryStore,
    RunFacts,
    StoredEvent,
    Word,
)
from lineageflow_core.store.words import merge_words

P = TypeVar("P")

Rename: TypeAlias = Callable[[DatasetName], DatasetName]


class RepositoryNames:
    """Who had which name, at one moment."""

    def __init__(self, repositories: RepositoryStore) -> None:
        self._repositories = repositories
        self._held: dict[str, list[RepositoryName]] = {}
        """By name, in the order in which repositories took it."""
        self._lasting: dict[str, str] = {}
        """The name that the stores know a repository by, by id."""
        for held in repositories.names():
            holders = self._held.setdefault(held.name, [])
            is_first = all(other.repository == held.repository for other in holders)
            self._lasting.setdefault(
                held.repository, held.name if is_first else f"{held.name}~{held.repository}"
            )
            holders.append(held)
        self._owner = {lasting: repository for repository, lasting in self._lasting.items()}
        self._today: dict[str, str] = {}

    @property
    def renamed(self) -> bool:
        """Tells whether any repository of the lake was ever renamed."""
        return bool(self._held)

    def of_repositories(self) -> Collection[str]:
        """Returns all names that are, or were, of repositories of which it is kept."""
        return self._held.keys()

    def lasting(self, dataset: DatasetName, at: datetime | None = None) -> DatasetName:
        """Returns a dataset under the name that lasts, from a name as of an instant; None is now."""
        name = repository_of(dataset.namespace)
        held = [each for each in self._held.get(name or "", ()) if at is None or each.since <= at]
        if not held:
            return dataset
        return replace(dataset, namespace=dataset_namespace(self._lasting[held[-1].repository]))

    def today(self, dataset: DatasetName) -> DatasetName:
        """Returns a dataset under today's name, from the name that lasts."""
        lasting = repository_of(dataset.namespace)
        owner = self._owner.get(lasting or "")
        if owner is None:
            return dataset
        if owner not in self._today:
            info = self._repositories.with_id(owner)
            self._today[owner] = info.name if info else str(lasting)
        return replace(dataset, namespace=dataset_namespace(self._today[owner]))


def lasting_facts(facts: RunFacts, names: RepositoryNames) -> RunFacts:
    """Returns facts under the names that last: events name what was so called when their run began."""
    if not names.renamed:
        return facts
    began = facts.run.started_at or facts.run.ended_at
    found: RunFacts = _under(facts, lambda name: names.lasting(name, began))
    # Under two names of one repository, one thing may stand twice, and is one.
    tested = sorted(found.tested, key=lambda each: each.failed)
    return replace(
        found,
        reads=_each_version_once(found.reads),
        writes=_each_version_once(found.writes),
        tested=tuple({(each.dataset, each.written): each for each in tested}.values()),
    )


def lasting_words(said: Said, event: StoredEvent, names: RepositoryNames) -> Said:
    """Returns what an event says, with the datasets that it and its job name under the names that last.

    They are what was so called when the event happened, or came. What it says of runs stays as it is: when
    they began, other events may tell.
    """
    if not names.renamed:
        return said
    at = event.at or event.received_at

    def key(named: Key) -> Key:
        dataset = names.lasting(DatasetName(namespace=named[0], name=named[1]), at)
        return dataset.namespace, dataset.name

    datasets: dict[Key, Words] = {}
    for named, words in said.datasets.items():
        datasets[key(named)] = merge_words(datasets.get(key(named), {}), words)
    return Said(
        runs=said.runs,
        jobs=said.jobs,
        declared={
            job: Word(word.stamp, canonical_json([list(map(key, side)) for side in word.read()]))
            for job, word in said.declared.items()
        },
        datasets=datasets,
        links={(key(one), key(other)) for one, other in said.links},
    )


def lasting_conditions(conditions: Sequence[Condition], names: RepositoryNames) -> tuple[Condition, ...]:
    """Returns the conditions of a search, which find repositories by any name that they ever had."""
    namespaces = {
        dataset_namespace(name).lower(): Text(
            pieces=(_namespace(dataset_namespace(name), names.lasting).lower(),)
        )
        for name in names.of_repositories()
    }

    def lasting(condition: Condition) -> Condition:
        text = condition.text
        if text.is_exact:
            return replace(condition, text=namespaces.get(text.exact, text))
        return replace(condition, also=tuple(namespaces[each] for each in namespaces if text.matches(each)))

    return tuple(lasting(each) if each.field == "namespace" else each for each in conditions)


def first_names_today(
    store: DatasetStore, names: RepositoryNames, lasting: Collection[DatasetName]
) -> dict[DatasetName, DatasetName]:
    """Returns the first names of datasets as they are today, by names that last. `store` is a lake's own."""
    return {name: names.today(first) for name, first in store.first_names(lasting).items()}


def across_renames(port: type[object], store: P, names: Callable[[], RepositoryNames]) -> P:
    """Returns a store that is asked, and answers, in today's names.

    `port` is the Protocol that `store` keeps. What is answered by dataset or version is by what was asked
    for, which is the first parameter then. A text called `namespace` is one of datasets.
    """
    return cast(P, _AcrossRenames(port, store, names))


class _AcrossRenames:
    """Has the methods of a port, each made when it is first asked for: most processes ask for few."""

    def __init__(self, port: type[object], store: object, names: Callable[[], RepositoryNames]) -> None:
        self._port, self._store, self._names = port, store, names

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        made = _across(getattr(self._port, name), getattr(self._store, name), self._names)
        setattr(self, name, made)
        return made


def _across(
    function: Callable[..., Any], ask: Callable[..., Any], names: Callable[[], RepositoryNames]
) -> Callable[..., Any]:
    """Returns `ask`, which is a store's own `function`, in today's names."""
    hints = dict(_hints_of(function))
    answer = hints.pop("return")
    if answer == AbstractContextManager[LineageLook]:
        return partial(_look, ask, names)
    if not any(map(_names_datasets, (*hints.values(), answer))):
        return ask
    by, each = get_args(answer) if get_origin(answer) is dict else (None, None)

    def asked(*args: Any, **kwargs: Any) -> Any:
        known = names()
        if not known.renamed:
            return ask(*args, **kwargs)
        given = dict(zip(hints, args, strict=False)) | kwargs
        lasting = {name: _under(value, known.lasting, hints[name]) for name, value in given.items()}
        if given.get("namespace") is not None:
            lasting["namespace"] = _namespace(given["namespace"], known.lasting)
        found = ask(**lasting)
        if by not in {DatasetName, Version}:
            return _under(found, known.today, answer)
        wanted = {value: _under(value, known.lasting) for value in given[next(iter(hints))]}
        return {
            value: _under(found[name], known.today, each) for value, name in wanted.items() if name in found
        }

    return asked


@contextmanager
def _look(
    ask: Callable[[], AbstractContextManager[LineageLook]], names: Callable[[], RepositoryNames]
) -> Iterator[LineageLook]:
    known = names()
    with ask() as look:
        yield across_renames(LineageLook, look, lambda: known) if known.renamed else look


def _under(value: Any, rename: Rename, hint: Any = None) -> Any:
    """Returns a value with other names of datasets in it; as it is where `hint`, its type, says of none."""
    if hint is not None and not _names_datasets(hint):
        return value
    if fields := _naming_fields(value.__class__):
        return replace(value, **{name: _under(getattr(value, name), rename) for name in fields})
    match value:
        case DatasetName():
            return rename(value)
        case Version():
            return value.under(rename(value.dataset))
        case KnownNamespace():
            return replace(value, namespace=_namespace(value.namespace, rename))
        case Mapping() if len(get_args(hint)) != 1:  # else it stands for its keys, as any collection does
            key, each = get_args(hint) or (None, None)
            return {_under(name, rename, key): _under(held, rename, each) for name, held in value.items()}
        case tuple() | list() | frozenset():
            return type(value)(_under(each, rename) for each in value)
        case Collection() if not isinstance(value, str | bytes):
            return [_under(each, rename) for each in value]
    return value


def _namespace(namespace: str, rename: Rename) -> str:
    return rename(DatasetName(namespace=namespace, name="")).namespace


@cache
def _hints_of(function: Callable[..., Any]) -> Mapping[str, Any]:
    return get_type_hints(function)


@cache
def _names_datasets(hint: Any) -> bool:
    """Tells whether a value of a type may name a dataset."""
    if hint in {DatasetName, Version, KnownNamespace} or isinstance(hint, TypeVar):
        return True
    return any(map(_names_datasets, get_args(hint))) or bool(not get_args(hint) and _naming_fields(hint))


@cache
def _naming_fields(kind: Any) -> tuple[str, ...]:
    hints = get_type_hints(kind) if is_dataclass(kind) else {}
    return tuple(name for name, hint in hints.items() if _names_datasets(hint))


def _each_version_once(ios: Sequence[Io]) -> tuple[Io, ...]:
    return tuple({io.version: io for io in ios}.values())
