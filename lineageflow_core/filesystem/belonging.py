"""Which dataset a file that is written belongs to.

Files come one by one here, and where a dataset begins is declared by its first write. So it goes by what the
writer did: a file in a dataset joins it; below `key=value`, which declares partitions as in Hive, the folder
above those is the dataset; below a dataset that the run declares to write, that one; in a folder that was
made first, the outermost such folder is. Any other file is a dataset of its own.
"""

from collections.abc import Collection

from lineageflow_core.filesystem.folders import Folders
from lineageflow_core.filesystem.view import View
from lineageflow_core.model.names import parents_of


class Belonging:
    """Answers for the files of one commit; looks up each folder once, however many files are in it.

    `emptied` says that the commit also removes things. A dataset whose files all go would end with them, so
    what comes in their place has to name it. `declared` are paths of datasets.
    """

    def __init__(
        self, view: View, folders: Folders, *, emptied: bool, declared: Collection[str] = ()
    ) -> None:
        self._view = view
        self._folders = folders
        self._emptied = emptied
        self._declared = frozenset(declared)
        self._datasets: set[str] = set()
        self._begun: dict[str, str | None] = {}

    def dataset_of(self, path: str) -> str | None:
        """Returns the dataset to name for a file at `path`; None where the path says enough."""
        for parent in parents_of(path):
            if parent in self._datasets:
                return parent
        folder = _above_partitions(path) or self._declared_around(path) or self._made_around(path)
        if folder is None and not self._emptied:
            return None
        if folder in self._begun:
            return self._begun[folder]
        covering = self._view.dataset(path)
        if covering is not None:
            self._datasets.add(covering.path)
            return covering.path
        if folder is None:
            return None
        self._begun[folder] = None if self._view.holds(folder) else folder
        return self._begun[folder]

    def _declared_around(self, path: str) -> str | None:
        return next((each for each in parents_of(path) if each in self._declared), None)

    def _made_around(self, path: str) -> str | None:
        for prefix in (f"{self._view.repository}/", f"{self._view.repository}/@{self._view.ref}/"):
            found = self._folders.around(prefix + path)
            if found is not None and found.startswith(prefix):
                return found[len(prefix) :] or None
        return None


def _above_partitions(path: str) -> str | None:
    segments = path.split("/")[:-1]
    first = next((depth for depth, segment in enumerate(segments) if "=" in segment), 0)
    return "/".join(segments[:first]) or None
