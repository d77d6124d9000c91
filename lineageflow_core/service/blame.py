"""Who made the content at a path.

The commit is the newest first parent that changed it. The run is found from there: the same content may have
been written by several runs, and the one that counts is the one whose commit brought it here, which a merge
hides in its second parent's history, and what restores content in the history of where it was restored from.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from lineageflow_core.catalog import History, Objects
from lineageflow_core.errors import NotFoundError, ObjectCollectedError, ObjectNotFoundError
from lineageflow_core.model.commit import Commit
from lineageflow_core.model.ids import RunId
from lineageflow_core.model.lineage import Blame, Version
from lineageflow_core.model.names import check_path
from lineageflow_core.model.objects import Snapshot
from lineageflow_core.model.page import Page, every
from lineageflow_core.model.run import Run
from lineageflow_core.openlineage.naming import version_of
from lineageflow_core.service.nodes import in_order, snapshots_at
from lineageflow_core.service.opened import Lake

_COMMIT_ID = re.compile(r"[0-9a-f]{64}")
_TAKEN_FROM = {"reset_to": "", "cherry_picked_from": "", "reverts": "~1"}
"""Metadata that names the commit that content was taken over from, and how far back from that."""
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


class BlameService:
    """Joins what history knows (commits) with what lineage knows (runs)."""

    def __init__(self, lake: Lake, *, objects: Objects, history: History) -> None:
        self._lake = lake
        self._store = lake.lineage
        self._objects = objects
        self._history = history

    def blame(self, repository: str, ref: str, path: str) -> Blame:
        """As `catalog.Lineage.blame`.

        Of several partitions, the one that changed last is blamed; of those that changed together, the last.
        """
        snapshot = self._last_changed(repository, ref, check_path(path))
        return self._blamed(repository, snapshot, self._last_change(repository, ref, _unit(snapshot)))

    def blame_partitions(
        self, repository: str, ref: str, dataset: str, *, after: str | None, limit: int
    ) -> Page[Blame]:
        """As `catalog.Lineage.blame_partitions`. One walk through the dataset's history serves a page."""
        page = self._objects.list_snapshots(repository, ref, check_path(dataset), after=after, limit=limit)
        commits = self._last_changes(repository, ref, dataset, {each.partition for each in page.items})
        blamed = (self._blamed(repository, each, commits[each.partition]) for each in page.items)
        return Page(items=tuple(blamed), next=page.next)

    def _blamed(self, repository: str, snapshot: Snapshot, commit: Commit) -> Blame:
        version = self._lake.today(version_of(repository, snapshot))
        origins = list(self._origins(repository, commit, snapshot))
        run = self._maker(version, origins)
        return Blame(
            version=version,
            commit=commit.id,
            author=commit.author,
            run=run,
            pipeline=self._pipeline(run) if run else None,
            inputs=tuple(io.version for io in in_order(self._store.reads([run.id]))) if run else (),
            origin=origins[-1].id,
            made_by=origins[-1].author,
        )

    def _last_changed(self, repository: str, ref: str, path: str) -> Snapshot:
        contents = list(snapshots_at(self._objects, repository, ref, path))
        first = contents[0]
        if len(contents) == 1 or (
            not first.partition and self._store.writers([version_of(repository, first)])
        ):
            return first
        partitions = {content.partition: content for content in contents if content.partition}
        changed = self._changed_partitions(
            repository, self._last_change(repository, ref, path), first.dataset
        )
        return partitions[max(changed & partitions.keys() or partitions)]

    def _changed_partitions(self, repository: str, commit: Commit, dataset: str) -> set[str]:
        if not commit.parents:
            return set()
        page = self._history.diff_datasets(repository, commit.parents[0], commit.id, path=dataset)
        return {partition for diff in page.items for partition in diff.partitions}

    def _last_change(self, repository: str, ref: str, path: str) -> Commit:
        page = self._history.log(repository, ref, path=path, limit=1)
        if not page.items:
            raise ObjectNotFoundError(f"no commit in the history of {ref!r} changed {path!r}", path=path)
        return page.items[0]

    def _last_changes(
        self, repository: str, ref: str, dataset: str, partitions: set[str]
    ) -> dict[str, Commit]:
        """Returns the newest first parent that changed each partition."""
        if partitions == {""}:
            return {"": self._last_change(repository, ref, dataset)}
        found: dict[str, Commit] = {}
        log = self._history.log
        for commit in every(
            lambda after, limit: log(repository, ref, path=dataset, after=after, limit=limit)
        ):
            left = partitions - found.keys()
            if not left:
                break
            changed = self._changed_partitions(repository, commit, dataset) if commit.parents else left
            found |= dict.fromkeys(changed & left, commit)
        return found

    def _origins(self, repository: str, commit: Commit, snapshot: Snapshot) -> Iterator[Commit]:
        """Yields the commits through which content came: the commit, then where it has it from, and so on.

        Of those that it has content from, that is one that has the same; a commit where none has made it.
        """
        yield commit
        while True:
            sources = self._sources(repository, commit, snapshot)
            source = next((each for each in sources if self._holds(repository, each, snapshot)), None)
            if source is None:
                return
            commit = self._last_change(repository, source, _unit(snapshot))
            yield commit

    def _sources(self, repository: str, commit: Commit, snapshot: Snapshot) -> Iterator[str]:
        """Yields commits from which one took content over: what it merged, picked or restored.

        All of them are older, whatever its metadata says: a commit cannot hold the id of a later one.
        """
        yield from commit.parents[1:]
        for fact, back in _TAKEN_FROM.items():
            named = commit.metadata.get(fact, "")
            if _COMMIT_ID.fullmatch(named):
                yield named + back
        if "plan" in commit.metadata and commit.parents:
            versions = self._history.list_versions
            earlier = every(
                lambda after, limit: versions(
                    repository, commit.parents[0], _unit(snapshot), after=after, limit=limit
                )
            )
            yield from (each.commit for each in earlier if each.snapshot == snapshot.snapshot)

    def _holds(self, repository: str, ref: str, snapshot: Snapshot) -> bool:
        try:
            found = self._objects.get_snapshot(repository, ref, _unit(snapshot))
        except (NotFoundError, ObjectCollectedError):
            return False
        return found.snapshot == snapshot.snapshot

    def _maker(self, version: Version, origins: list[Commit]) -> Run | None:
        """Returns the run that wrote exactly this version and whose commit is among the origins.

        Where none is (a person restored the content), it is the last run that had written it by then.
        """
        found = self._store.runs(sorted({io.run_id for io in self._store.writers([version])}))
        runs = sorted(found.values(), key=lambda run: (run.ended_at or run.started_at or _BEFORE_ALL, run.id))
        for commit in reversed(origins):
            of_commit = [run for run in runs if commit.run_id in {run.id, self._pipeline(run)}]
            if commit.run_id and of_commit:
                return of_commit[-1]
        before = [run for run in runs if run.ended_at and run.ended_at <= origins[-1].created_at]
        return before[-1] if before else None

    def _pipeline(self, run: Run) -> RunId:
        """Returns the outermost run that this one is a step of, or itself."""
        seen = {run.id}
        while run.parent is not None and run.parent not in seen:
            seen.add(run.parent)
            parent = self._store.runs([run.parent]).get(run.parent)
            if parent is None:
                return run.parent
            run = parent
        return run.id


def _unit(snapshot: Snapshot) -> str:
    return f"{snapshot.dataset}/{snapshot.partition}" if snapshot.partition else snapshot.dataset
