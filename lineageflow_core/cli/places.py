"""What people name on the command line, as the catalog takes it: repositories, addresses, refs, nodes.

A name without `lf://` is inside the repository of `--repository`, or the lake's only one: `[@ref/]path`. Runs
may be cut short (`run:9f3c`).
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from lineageflow_core.catalog import Catalog
from lineageflow_core.cli.run_ids import find_run, is_run_prefix
from lineageflow_core.errors import InvalidInputError, NotFoundError, RepositoryNotFoundError
from lineageflow_core.model.address import SCHEME, Address, parse_address
from lineageflow_core.model.lineage import DatasetName, Version
from lineageflow_core.model.node import format_node, parse_node
from lineageflow_core.model.page import every
from lineageflow_core.model.refs import parse_range, parse_revision
from lineageflow_core.openlineage.naming import repository_of

_START = f"{SCHEME}://"
_RUN = "run:"
_RUN_REF = re.compile(r"run:(?P<run>[^~@{}]*)(?P<rest>.*)", re.DOTALL)
_SHOWN = 10


class Places:
    """Names, resolved in one lake; `given` is the repository that the command line named."""

    def __init__(self, catalog: Catalog, given: str | None) -> None:
        self._catalog = catalog
        self._given = given

    @cached_property
    def repository(self) -> str:
        """The repository that names without one are in: the one given, or the only one.

        Raises RepositoryNotFoundError where there is none, and InvalidInputError where there are several.
        """
        if self._given is not None:
            return self._given
        repositories = self._catalog.repositories
        found = [
            info.name
            for info in every(
                lambda after, limit: repositories.list_repositories(after=after, limit=limit), most=_SHOWN + 1
            )
        ]
        if len(found) == 1:
            return found[0]
        if not found:
            raise RepositoryNotFoundError(
                "the lake has no repository; `lineageflow repo create NAME` makes one, and `lineageflow repo "
                "list --deleted` shows what can be restored"
            )
        shown = ", ".join(found[:_SHOWN]) + (", ..." if len(found) > _SHOWN else "")
        raise InvalidInputError(
            f"the lake has several repositories ({shown}); choose one with --repository NAME, or write "
            f"{_START}NAME/..."
        )

    @cached_property
    def home(self) -> str | None:
        """The repository whose datasets people know by path alone; None where that would be ambiguous."""
        try:
            return self.repository
        except (InvalidInputError, NotFoundError):
            return None

    def default_branch(self, repository: str) -> str:
        """Returns the default branch of a repository. Raises RepositoryNotFoundError."""
        return self._catalog.repositories.get_repository(repository).default_branch

    def address(self, text: str) -> Address:
        """Returns what `lf://repository/[@ref/]path`, or `[@ref/]path`, names; the ref as written."""
        repository, rest = self._parts(text)
        if rest.startswith("@"):
            ref, separator, path = rest[1:].partition("/")
            rest = f"@{self._whole_ref(repository, ref)}{separator}{path}"
        return parse_address(f"{_START}{repository}/{rest}")

    def located(self, text: str) -> Address:
        """Returns an address whose ref is the default branch where none is written."""
        address = self.address(text)
        ref = address.ref or self.default_branch(address.repository)
        return Address(repository=address.repository, ref=ref, path=address.path)

    def ref(self, text: str | None) -> tuple[str, str]:
        """Returns the repository and the ref that `main~1` or `lf://repository/@main~1` names.

        None is the default branch of the repository.
        """
        if text is None:
            return self.repository, self.default_branch(self.repository)
        if not text.startswith(_START):
            return self.repository, self.ref_in(self.repository, text)
        located = self.located(text)
        if located.path:
            raise InvalidInputError(f"{text!r} has a path, but a whole state is meant here: leave it out")
        assert located.ref is not None  # `located` fills it in
        return located.repository, located.ref

    def ref_or_range(self, text: str | None) -> tuple[str, str]:
        """Returns the repository, and the ref or range (`v1..main`, `v1...main`) in it that this names."""
        found = parse_range(text) if text is not None else None
        if found is None:
            return self.ref(text)
        repository, start = self.ref(found.start)
        return repository, str(replace(found, start=start, end=self.ref_in(repository, found.end)))

    def refs(self, texts: Sequence[str]) -> tuple[str, list[str]]:
        """Returns the repository, and the refs or ranges (`v1..main`, `v1...main`) in it that these name."""
        found: list[str] = []
        repositories: set[str] = set()
        for text in texts:
            repository, ref = self.ref_or_range(text)
            found.append(ref)
            repositories.add(repository)
        if len(repositories) > 1:
            raise InvalidInputError(f"{', '.join(texts)} are in different repositories; name those of one")
        return repositories.pop(), found

    def ref_in(self, repository: str, text: str) -> str:
        """Returns a ref of a repository that is known."""
        ref = self._whole_ref(repository, text)
        parse_revision(ref)
        return ref

    def branch(self, repository: str, given: str | None) -> str:
        """Returns the branch that a command changes: the one given, or the default one."""
        return self.default_branch(repository) if given is None else self._whole_ref(repository, given)

    def node(self, text: str) -> str:
        """Returns a node of the lineage graph, as the catalog takes it.

        Raises InvalidInputError where a bare word is both the start of a run's id and a path.
        """
        if text.startswith(("version:", "dataset:", "job:")):
            return format_node(parse_node(text))
        if text.startswith(_RUN):
            return _RUN + find_run(self._catalog, text.removeprefix(_RUN))
        if "://" in text and not text.startswith(_START):
            raise InvalidInputError(
                f"{text[:200]!r} is not an address of ours; of a dataset elsewhere that events name write "
                f"'dataset:{text[:200]}' for what was written last, or 'version:{text[:200]}@...'"
            )
        if not is_run_prefix(text):
            return self._node_at(text)
        try:
            run = find_run(self._catalog, text)
        except NotFoundError:
            return self._node_at(text)
        if self._holds(text):
            raise InvalidInputError(
                f"{text!r} is both a run and a path; write 'run:{text}' or '{_START}.../{text}'"
            )
        return _RUN + run

    def repository_of(self, node: str) -> str:
        """Returns the repository that a node is in; for a run, the one given or the only one."""
        parsed = parse_node(node)
        if isinstance(parsed, Address):
            return parsed.repository
        if isinstance(parsed, Version | DatasetName):
            return repository_of(parsed.namespace) or self.repository
        return self.repository

    def _parts(self, text: str) -> tuple[str, str]:
        if text.startswith(_START):
            repository, _, rest = text.removeprefix(_START).partition("/")
            return repository, rest
        if "://" in text:
            raise InvalidInputError(
                f"{text[:200]!r} is not an address; write '{_START}repository/[@ref/]path'"
            )
        return self.repository, text

    def _node_at(self, text: str) -> str:
        address = self.address(text)
        if not address.path:
            raise InvalidInputError(f"{text!r} is a whole repository; name a dataset of it, or a run")
        return str(address)

    def _whole_ref(self, repository: str, ref: str) -> str:
        """Returns a ref with the id of its run written out."""
        match = _RUN_REF.fullmatch(ref)
        if match is None:
            return ref
        return _RUN + find_run(self._catalog, match["run"], repository=repository) + match["rest"]

    def _holds(self, path: str) -> bool:
        try:
            located = self.located(path)
            assert located.ref is not None  # `located` fills it in
            self._catalog.objects.get_dataset(located.repository, located.ref, located.path)
        except (NotFoundError, InvalidInputError):
            return False
        return True
