"""The tree of a dataset that is being imported: it grows with the listing, some objects at a time.

Invariants: what it took can be given to another process as packs, and comes out the same; a name that cannot
be a path, or that would take another's place, is skipped and told. Memory holds about 60 bytes an object.
"""

from collections.abc import Iterable, Iterator, Sequence

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.names import check_path
from lineageflow_core.model.transfer import Skipped, decode_reference
from lineageflow_core.store.sources import Found
from lineageflow_core.tree.edit import edit
from lineageflow_core.tree.node import EMPTY, Value
from lineageflow_core.tree.pack import read_records
from lineageflow_core.tree.read import extent, get, get_many, scan_rows
from lineageflow_core.tree.root import join
from lineageflow_core.tree.source import NodeBuffer

_CLASH = "there is a folder of this name, too, and a path is not both"


def key_of(path: str, name: str, *, partition_depth: int) -> str:
    """Returns the path inside the dataset at `path` for a name at the source. Raises InvalidInputError."""
    key = check_path(join(path, name))[len(path) + 1 :]
    if partition_depth and key.count("/") < partition_depth:
        raise InvalidInputError(f"it is in no partition, which {partition_depth} path segment(s) name")
    return key


class ImportTree:
    """A dataset's tree, and how many packs of the import are in it."""

    def __init__(self, path: str, *, partition_depth: int) -> None:
        self.nodes = NodeBuffer()
        self.root = EMPTY
        self.packs = 0
        self._is_checked = False
        """Whether nothing was added since clashes were dropped."""
        self._path = path
        self._depth = partition_depth

    @property
    def objects(self) -> int:
        return extent(self.nodes, self.root).entries

    @property
    def size(self) -> int:
        return extent(self.nodes, self.root).size

    def choose(self, page: Iterable[Found], skipped: list[Skipped]) -> Iterator[tuple[str, Found]]:
        """Yields what can be an object, each with its path in the dataset; adds the others to `skipped`."""
        for found in page:
            if found.name.endswith("/") and not found.size:
                continue  # how consoles show a folder
            if not found.version:
                skipped.append(Skipped(name=_shown(found.name), reason="it is a link, or no file"))
                continue
            try:
                yield key_of(self._path, found.name, partition_depth=self._depth), found
            except InvalidInputError as error:
                skipped.append(Skipped(name=_shown(found.name), reason=error.message))

    def free(self, chosen: Sequence[tuple[str, Found]], skipped: list[Skipped]) -> dict[str, Found]:
        """Returns what takes no other object's place: names that differ can be one in Unicode NFC."""
        kept: dict[str, Found] = {}
        suspects = sorted({key for key, _ in chosen if not key.isascii()})
        taken = {
            key
            for key, value in zip(suspects, get_many(self.nodes, self.root, suspects), strict=True)
            if value
        }
        for key, found in chosen:
            if key in taken or key in kept:
                skipped.append(
                    Skipped(name=_shown(found.name), reason="another object has the same name in Unicode NFC")
                )
            else:
                kept[key] = found
        return kept

    def add(self, objects: Iterable[tuple[str, bytes, int]]) -> None:
        """Adds one pack's objects: path in the dataset, 32 bytes of the id, size."""
        edits = sorted((key, Value(object_id, size)) for key, object_id, size in objects)
        self.root = edit(self.nodes, self.root, edits)
        self.packs += 1
        self._is_checked = False

    def add_pack(self, content: bytes) -> None:
        """Adds what a pack of the import has. Raises IntegrityError."""
        found = []
        for _, object_id, offset, length in read_records(content):
            reference = decode_reference(content[offset : offset + length])
            found.append(
                (key_of(self._path, reference.name, partition_depth=self._depth), object_id, reference.size)
            )
        self.add(found)

    def drop_clashes(self) -> list[Skipped]:
        """Removes objects whose name is also that of a folder, and returns them."""
        if self._is_checked:
            return []
        clashes = list(self._clashes())
        self._is_checked = True
        if clashes:
            self.root = edit(self.nodes, self.root, [(key, None) for key in clashes])
        return [Skipped(name=key or self._path, reason=_CLASH) for key in clashes]

    def _clashes(self) -> Iterator[str]:
        # A key begins with all that could be its folders, and these come directly before it.
        beginnings: list[str] = []
        last = ""
        if get(self.nodes, self.root, "") is not None and self.objects > 1:
            yield ""
        for rows in scan_rows(self.nodes, self.root):
            for key in rows.keys:
                while beginnings and not key.startswith(beginnings[-1]):
                    beginnings.pop()
                for folder in beginnings:
                    if key[len(folder) : len(folder) + 1] == "/" and folder != last:
                        last = folder
                        yield folder
                if key:
                    beginnings.append(key)


def _shown(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()
