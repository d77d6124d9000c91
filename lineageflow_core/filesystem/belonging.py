"""Which dataset a file that is written belongs to.

Files come one by one here, and where a dataset begins is declared by its first write. So it goes by what the
writer did: a file in a dataset joins it; below `key=value`, which declares partitions as in Hive, the folder
above those is the dataset; in a folder that was made first, the outermost such folder is. Any other file is a
dataset of its own.
"""

from lineageflow_core.filesystem.folders import Folders
from lineageflow_core.filesystem.view import View


def dataset_of(view: View, folders: Folders, path: str) -> str | None:
    """Returns the dataset to name for a file at `path`; None where the path says enough."""
    covering = view.dataset(path)
    if covering is not None:
        return covering.path
    folder = _above_partitions(path) or _made(view, folders, path)
    return folder if folder and not view.holds(folder) else None


def _made(view: View, folders: Folders, path: str) -> str | None:
    for prefix in (f"{view.repository}/", f"{view.repository}/@{view.ref}/"):
        found = folders.around(prefix + path)
        if found is not None and found.startswith(prefix):
            return found[len(prefix) :] or None
    return None


def _above_partitions(path: str) -> str | None:
    segments = path.split("/")[:-1]
    first = next((depth for depth, segment in enumerate(segments) if "=" in segment), 0)
    return "/".join(segments[:first]) or None
