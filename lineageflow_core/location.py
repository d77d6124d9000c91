"""Where the lake is that a command works on, or an `lf://` path leads to, where neither says."""

from collections.abc import Mapping
from pathlib import Path

from lineageflow_core.errors import NotFoundError

VARIABLE = "LINEAGEFLOW_LAKE"
TOKEN_VARIABLE = "LINEAGEFLOW_TOKEN"

_DATABASE = "lineageflow.db"
"""The file that makes a folder a lake."""
_USUAL_FOLDER = "lake"
"""What a lake's folder is called where nobody says otherwise."""


def lake_address(given: str | None, environment: Mapping[str, str], folder: Path) -> str:
    """Returns the lake's address: as given, else from the environment, else the nearest one found.

    A lake is looked for in `folder` and then in each folder above it: the folder itself, or its subfolder
    `lake`. Where there is none, the address is `./lake`, which may not exist yet.
    """
    if given or environment.get(VARIABLE):
        return given or environment[VARIABLE]
    for place in (folder, *folder.parents):
        for candidate in (place, place / _USUAL_FOLDER):
            if is_lake(candidate):
                return str(candidate)
    return str(folder / _USUAL_FOLDER)


def is_folder(address: str) -> bool:
    """Tells whether an address is a folder on this machine."""
    return "://" not in address and address != "memory:"


def is_lake(folder: Path) -> bool:
    """Tells whether a folder is a lake, as far as this user may look."""
    try:
        return (folder / _DATABASE).is_file()
    except PermissionError:
        return False


def check_lake(address: str) -> None:
    """Raises NotFoundError if the address is a folder that is no lake: reading must not make one."""
    if is_folder(address) and not is_lake(Path(address)):
        raise NotFoundError(
            f"there is no lake at {address!r}; name one with --lake (the storage option 'lake') or "
            f"{VARIABLE}, or make one there with `lineageflow repo create NAME`",
            lake=address,
        )
