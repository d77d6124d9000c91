"""Where things lie below a content store's root, in a folder and in a bucket alike.

```
objects/<first 2 digits of the id>/<the other 62>      packs/<first 2 characters>/<id>
trash/<number of the collection>/objects/...           trash/<number of the collection>/packs/...
```
"""

import re
from collections import defaultdict
from collections.abc import Iterable

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.collection import ContentKind
from lineageflow_core.model.ids import ObjectId, parse_object_id

OBJECTS = "objects"
PACKS = "packs"
TRASH = "trash"

_PACK_ID = re.compile(r"[0-9a-z][0-9a-z-]{3,127}")


def object_name(object_id: ObjectId) -> str:
    """Returns where an object lies. Raises InvalidInputError if that is no object's id."""
    checked = parse_object_id(object_id)
    return f"{OBJECTS}/{checked[:2]}/{checked[2:]}"


def objects_by_folder(object_ids: Iterable[ObjectId]) -> dict[str, dict[str, ObjectId]]:
    """Returns the folders in which objects lie, each with those by their names there.

    Raises InvalidInputError for what is no object's id.
    """
    folders: dict[str, dict[str, ObjectId]] = defaultdict(dict)
    for each in map(parse_object_id, object_ids):
        folders[f"{OBJECTS}/{each[:2]}"][each[2:]] = each
    return folders


def pack_name(pack_id: str) -> str:
    """Returns where a pack lies. Raises InvalidInputError if that is no pack's id."""
    if not _PACK_ID.fullmatch(pack_id):
        raise InvalidInputError(f"{pack_id[:200]!r} is not a pack's id: 4 to 128 of a-z, 0-9 and '-'")
    return f"{PACKS}/{pack_id[:2]}/{pack_id}"


def folder_of(kind: ContentKind) -> str:
    """Returns the folder that everything of a kind lies in."""
    return OBJECTS if kind is ContentKind.OBJECT else PACKS


def content_name(kind: ContentKind, content_id: str) -> str:
    """Returns where an object or a pack lies. Raises InvalidInputError if that is no id of one."""
    return object_name(ObjectId(content_id)) if kind is ContentKind.OBJECT else pack_name(content_id)


def trash_name(collection: int, kind: ContentKind, content_id: str) -> str:
    """Returns where an object or a pack lies that a collection took. Raises as `content_name` does."""
    return f"{TRASH}/{collection}/{content_name(kind, content_id)}"


def id_in(kind: ContentKind, name: str) -> str:
    """Returns the id of the object or pack that lies under a name, in the trash or not."""
    *_, folder, last = name.split("/")
    return folder + last if kind is ContentKind.OBJECT else last
