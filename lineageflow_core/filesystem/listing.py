"""What stands at a path and below it, in fsspec's form: dictionaries with `name`, `size` and `type`.

A file has its `object_id`, and whatever belongs to a dataset says to which; where a path is a whole dataset,
`snapshot` is its exact content. Folders have no size of their own. All of it comes from one look at the
tree: who needs times, which only history knows, asks for `created` or `modified`.
"""

from typing import Any

from lineageflow_core.filesystem.folders import Folders
from lineageflow_core.filesystem.place import Place
from lineageflow_core.filesystem.view import View
from lineageflow_core.model.names import parents_of
from lineageflow_core.model.objects import Item, ObjectEntry

Info = dict[str, Any]


def describe(place: Place, view: View, folders: Folders) -> Info | None:
    """Returns what stands at a place, or None where nothing does."""
    dataset = view.dataset(place.path) if place.path else None
    entry = view.entry(place.path)
    info = file_info(place, entry) if entry else folder_info(place.name)
    if entry is None and not view.is_folder(place.path) and not folders.has(place.name):
        return None
    if dataset is not None:
        info["dataset"] = dataset.path
        if dataset.path == place.path:
            info["snapshot"] = dataset.snapshot
    return info


def children(place: Place, view: View, folders: Folders) -> list[Info]:
    """Returns what lies directly in a folder, by name."""
    found = {info["name"]: info for info in (_item_info(place, item) for item in view.items(place.path))}
    for name in folders.below(place.name):
        found.setdefault(name, folder_info(name))
    return [found[name] for name in sorted(found)]


def descendants(place: Place, view: View, folders: Folders, *, with_folders: bool) -> dict[str, Info]:
    """Returns the files at or below a place by name, and the folders between, too, if they are asked for."""
    found = {}
    inner: set[str] = set()
    for entry in view.objects(place.path):
        info = file_info(place, entry)
        found[info["name"]] = info
        if with_folders:
            inner.update(parents_of(entry.path))
    if with_folders:
        names = {place.prefix + folder for folder in inner} | set(folders)
        start = f"{place.name}/"
        found |= {name: folder_info(name) for name in names if name.startswith(start)}
        if place.name not in found and (found or folders.has(place.name)):
            found[place.name] = folder_info(place.name)
    return {name: found[name] for name in sorted(found)}


def file_info(place: Place, entry: ObjectEntry) -> Info:
    """Returns what an object is; its path is a whole one."""
    info: Info = {
        "name": place.prefix + entry.path,
        "size": entry.size,
        "type": "file",
        "object_id": entry.object_id,
    }
    if entry.media_type:
        info["ContentType"] = entry.media_type
    return info


def folder_info(name: str) -> Info:
    """Returns what a folder is."""
    return {"name": name, "size": 0, "type": "directory"}


def _item_info(place: Place, item: Item) -> Info:
    name = place.prefix + item.path
    info = folder_info(name)
    if item.object_id is not None:
        info |= {"size": item.size, "type": "file", "object_id": item.object_id}
    if item.dataset is not None:
        info["dataset"] = item.dataset
    if item.snapshot is not None:
        info["snapshot"] = item.snapshot
    return info
