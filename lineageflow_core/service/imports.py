"""Imports: what lies elsewhere becomes a dataset, in steps that anybody can continue.

A step lists some more of the source, writes what it found as one pack, and only then notes down how far it
is, by compare-and-swap. So a process that dies leaves at most a pack that nobody names; the next one lists
that part again, finds the same, and writes the same. When all is listed, further steps keep the references
(`import_references.py`). The dataset is committed at the end, with the import as the key, so that it is
committed once.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from threading import Lock
from typing import Any
from uuid import uuid4

from lineageflow_core.errors import ImportNotFoundError, InvalidInputError, LineageFlowError
from lineageflow_core.model.commit import Commit, make_commit
from lineageflow_core.model.names import check_folder, check_path
from lineageflow_core.model.page import DEFAULT_LIMIT, Page
from lineageflow_core.model.storage import parse_storage
from lineageflow_core.model.transfer import (
    Import,
    ImportId,
    ImportMode,
    ImportPack,
    ImportPlan,
    ImportPreview,
    ImportState,
    Reference,
    ReferenceReport,
    Skipped,
    encode_reference,
    reference_id,
)
from lineageflow_core.service.copying import copy_objects
from lineageflow_core.service.import_references import in_order
from lineageflow_core.service.import_tree import ImportTree
from lineageflow_core.service.opened import Lake, OpenRepository
from lineageflow_core.service.verification import verify
from lineageflow_core.service.writing import move_branch, tip_of, writable
from lineageflow_core.store.paging import check_limit
from lineageflow_core.store.sources import Found
from lineageflow_core.tree.changes import RootEdit
from lineageflow_core.tree.compare import Counts, count_changes
from lineageflow_core.tree.node import EMPTY
from lineageflow_core.tree.pack import COPY, REFERENCE, pack_records
from lineageflow_core.tree.source import NodeBuffer

BATCH = 50_000
"""Objects in a pack at most: what is listed anew after an interruption, and held in memory."""
_EXAMPLES = 20
_SHOWN = 20
_KEPT = 4


@dataclass(slots=True, kw_only=True)
class _Going:
    """An import between two steps: not every storage can list from the middle."""

    tree: ImportTree
    pages: Iterator[list[Found]]
    references: Iterator[tuple[bytes, bytes]] | None = None
    """Those that are not kept yet, once all is listed."""
    state: Import
    """Where the iterators go on."""


class TransfersService:
    """Implements `catalog.Transfers` over the ports."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._lock = Lock()
        self._going: dict[ImportId, _Going] = {}
        """Of imports that this process goes on with. It can all be had again."""

    def preview_import(
        self,
        repository: str,
        source: str,
        path: str,
        *,
        partition_depth: int = 0,
        at_most: int = 10_000,
    ) -> ImportPreview:
        self._lake.repository(repository)
        tree = ImportTree(check_path(path), partition_depth=partition_depth)
        skipped: list[Skipped] = []
        listing = (found for page in self._lake.sources(_address(source)).pages() for found in page)
        chosen = list(tree.choose(islice(listing, at_most), skipped))
        return ImportPreview(
            objects=len(chosen),
            size=sum(found.size for _, found in chosen),
            complete=next(listing, None) is None,
            paths=tuple(f"{path}/{key}" if key else path for key, _ in chosen[:_SHOWN]),
            skipped=len(skipped),
            examples=tuple(skipped[:_EXAMPLES]),
        )

    def start_import(
        self,
        repository: str,
        branch: str,
        source: str,
        path: str,
        *,
        mode: ImportMode = ImportMode.REFERENCE,
        partition_depth: int = 0,
        author: str,
        message: str = "",
    ) -> Import:
        opened = self._lake.repository(repository)
        plan = ImportPlan(
            source=_address(source),
            branch=branch,
            path=check_path(path),
            mode=mode,
            partition_depth=partition_depth,
        )
        if not author.strip():
            raise InvalidInputError("the author is empty; name who imports")
        if partition_depth < 0:
            raise InvalidInputError(f"partitions are named by 0 or more path segments, not {partition_depth}")
        tip = tip_of(opened, writable(branch)).commit
        RootEdit(NodeBuffer(opened.nodes), tip.root).replace_tree(plan.path, EMPTY, partition_depth=0)
        started = Import(
            id=ImportId(str(uuid4())),
            plan=plan,
            author=author,
            message=message or f"import {plan.source}",
            state=ImportState.RUNNING,
            created_at=self._lake.clock(),
        )
        return self._lake.stores.imports.add(opened.info.id, started)

    def continue_import(self, repository: str, import_id: ImportId, *, seconds: float = 2.0) -> Import:
        opened = self._lake.repository(repository)
        found = self._get(opened, import_id)
        if found.state is not ImportState.RUNNING:
            return found
        try:
            return self._continue(opened, found, until=time.monotonic() + seconds)
        except LineageFlowError as error:
            self._note(opened, import_id, error.message)
            raise

    def get_import(self, repository: str, import_id: ImportId) -> Import:
        return self._get(self._lake.repository(repository), import_id)

    def list_imports(
        self, repository: str, *, after: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> Page[Import]:
        opened = self._lake.repository(repository)
        return self._lake.stores.imports.list(opened.info.id, after=after, limit=limit)

    def cancel_import(self, repository: str, import_id: ImportId) -> Import:
        opened = self._lake.repository(repository)
        while (found := self._get(opened, import_id)).state is ImportState.RUNNING:
            cancelled = replace(found, state=ImportState.CANCELLED)
            if self._lake.stores.imports.move(opened.info.id, cancelled, expected=found):
                return cancelled
        return found

    def verify_references(
        self,
        repository: str,
        ref: str,
        path: str = "",
        *,
        after: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> ReferenceReport:
        check_limit(limit)
        opened = self._lake.repository(repository)
        return verify(opened, self._lake.sources, ref, check_folder(path), after=after or "", limit=limit)

    def _get(self, opened: OpenRepository, import_id: ImportId) -> Import:
        found = self._lake.stores.imports.get(opened.info.id, import_id)
        if found is None:
            raise ImportNotFoundError(
                f"repository {opened.info.name!r} has no import {import_id!r}; "
                "`lineageflow imports list` shows them",
                import_id=import_id,
            )
        return found

    def _note(self, opened: OpenRepository, import_id: ImportId, problem: str) -> None:
        found = self._get(opened, import_id)
        if found.state is ImportState.RUNNING and found.error != problem:
            self._lake.stores.imports.move(opened.info.id, replace(found, error=problem), expected=found)

    def _continue(self, opened: OpenRepository, found: Import, *, until: float) -> Import:
        going = self._going_on(opened, found)
        for moved in self._steps(opened, found, going, until):
            if moved is None:  # another process was faster, or it was cancelled
                return self._get(opened, found.id)
            going.state = moved
            if time.monotonic() >= until:
                with self._lock:
                    self._going[found.id] = going
                    while len(self._going) > _KEPT:
                        del self._going[next(iter(self._going))]
                return moved
        return self._finish(opened, going.state, going.tree)

    def _going_on(self, opened: OpenRepository, found: Import) -> _Going:
        """Returns what this process knows of an import, which nobody else has meanwhile."""
        with self._lock:
            going = self._going.pop(found.id, None)
        if going is not None and going.state == found:
            return going
        tree = ImportTree(found.plan.path, partition_depth=found.plan.partition_depth)
        for pack in found.packs:
            tree.add_pack(opened.content.read_pack(pack.id, 0, pack.length))
        listing = self._lake.sources(found.plan.source).pages(after=found.after)
        return _Going(tree=tree, pages=iter(()) if found.listed else listing, state=found)

    def _steps(
        self, opened: OpenRepository, found: Import, going: _Going, until: float
    ) -> Iterator[Import | None]:
        """Yields the import after each step that is noted down; None where somebody else noted something."""
        if not found.listed:
            for batch, is_last in _batches(going.pages, until):
                yield self._add(opened, going.state, going.tree, batch, is_last=is_last)
        if found.plan.mode is ImportMode.REFERENCE:
            now = going.state
            if going.references is None:
                going.references = in_order(opened.content, now.packs, skip=now.kept)
            while some := list(islice(going.references, BATCH)):
                self._lake.stores.references.add(opened.info.id, dict(some))
                yield self._move(opened, going.state, kept=going.state.kept + len(some))

    def _move(self, opened: OpenRepository, found: Import, **changes: Any) -> Import | None:
        """Notes down how far an import is; None if somebody else noted something meanwhile."""
        moved = replace(found, error=None, **changes)
        return moved if self._lake.stores.imports.move(opened.info.id, moved, expected=found) else None

    def _add(
        self,
        opened: OpenRepository,
        found: Import,
        tree: ImportTree,
        batch: Sequence[Found],
        *,
        is_last: bool,
    ) -> Import | None:
        """Takes in what was listed, and notes it down."""
        skipped: list[Skipped] = []
        chosen = tree.free(list(tree.choose(batch, skipped)), skipped)
        packs = found.packs
        if chosen:
            packs = (*packs, self._keep(opened, found.plan, tree, chosen))
        if is_last:
            skipped += tree.drop_clashes()
        return self._move(
            opened,
            found,
            objects=tree.objects,
            size=tree.size,
            skipped=found.skipped + len(skipped),
            examples=(*found.examples, *skipped)[:_EXAMPLES],
            after=next((each.name for each in reversed(batch) if _is_text(each.name)), found.after),
            listed=is_last,
            packs=packs,
        )

    def _keep(
        self, opened: OpenRepository, plan: ImportPlan, tree: ImportTree, chosen: dict[str, Found]
    ) -> ImportPack:
        encoded = [
            encode_reference(
                Reference(source=plan.source, name=each.name, size=each.size, version=each.version)
            )
            for each in chosen.values()
        ]
        if plan.mode is ImportMode.COPY:
            kind = COPY
            ids = copy_objects(self._lake.sources(plan.source), opened.content, list(chosen.values()))
        else:
            kind = REFERENCE
            ids = [reference_id(content) for content in encoded]
        # By id, as the references are kept (`import_references.py`).
        pack = pack_records(
            (kind, object_id, content) for object_id, content in sorted(zip(ids, encoded, strict=True))
        )
        opened.content.write_pack(pack.id, pack.content)
        tree.add(
            (key, object_id, each.size) for (key, each), object_id in zip(chosen.items(), ids, strict=True)
        )
        return ImportPack(id=pack.id, length=len(pack.content))

    def _finish(self, opened: OpenRepository, found: Import, tree: ImportTree) -> Import:
        tree.drop_clashes()  # of a tree that was made from its packs
        if not tree.objects:
            raise InvalidInputError(
                f"nothing that could be imported is at {found.plan.source}; name a folder or bucket that "
                "holds objects, and to remove the dataset, use `lineageflow rm`",
                source=found.plan.source,
            )
        commit = self._commit(opened, found, tree)
        counts = self._count(opened, found, commit)
        done = self._move(
            opened,
            found,
            state=ImportState.DONE,
            commit=commit.id,
            added=counts.added,
            changed=counts.changed,
            removed=counts.removed,
        )
        return done or self._get(opened, found.id)

    def _commit(self, opened: OpenRepository, found: Import, tree: ImportTree) -> Commit:
        def build(tip: Commit, nodes: NodeBuffer) -> Commit:
            nodes.new.update(tree.nodes.new)
            edit = RootEdit(nodes, tip.root)
            edit.replace_tree(found.plan.path, tree.root, partition_depth=found.plan.partition_depth)
            root = edit.finish()
            if root == tip.root:
                return tip
            return make_commit(
                parents=[tip],
                root=root,
                author=found.author,
                message=found.message,
                created_at=self._lake.clock(),
                metadata={"import": found.id, "source": found.plan.source},
                replaced=sorted(edit.replaced),
            )

        branch = writable(found.plan.branch)
        return move_branch(
            opened, branch, "import", actor=found.author, key=f"import:{found.id}", build=build
        )

    def _count(self, opened: OpenRepository, found: Import, commit: Commit) -> Counts:
        """Counts what the import changed, also if an earlier attempt committed it; it may be nothing."""
        is_its_own = commit.metadata.get("import") == found.id
        before = opened.commit(commit.parents[0]) if is_its_own else commit
        return count_changes(opened.nodes, before.root, commit.root)


def _batches(pages: Iterator[list[Found]], until: float) -> Iterator[tuple[list[Found], bool]]:
    """Joins pages, as long as there is time and they are not too many; tells which is the last."""
    batch: list[Found] = []
    for page in pages:
        batch += page
        if len(batch) >= BATCH or time.monotonic() >= until:
            yield batch, False
            batch = []
    yield batch, True


def _address(source: str) -> str:
    return str(parse_storage(source))


def _is_text(name: str) -> bool:
    """Tells whether a name can be stored; file systems have others, too."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
