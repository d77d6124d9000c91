"""Where things lie below a content store's root, in a folder and in a bucket alike.

```
objects/<first 2 digits of the id>/<the other 62>      packs/<first 2 characters>/<id>
```
"""

import re

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.ids import ObjectId, parse_object_id

OBJECTS = "objects"
PACKS = "packs"

_PACK_ID = re.compile(r"[0-9a-z][0-9a-z-]{3,127}")


def object_name(object_id: ObjectId) -> str:
    """Returns where an object lies. Raises InvalidInputError if that is no object's id."""
    checked = parse_object_id(object_id)
    return f"{OBJECTS}/{checked[:2]}/{checked[2:]}"


def pack_name(pack_id: str) -> str:
    """Returns where a pack lies. Raises InvalidInputError if that is no pack's id."""
    if not _PACK_ID.fullmatch(pack_id):
        raise InvalidInputError(f"{pack_id[:200]!r} is not a pack's id: 4 to 128 of a-z, 0-9 and '-'")
    return f"{PACKS}/{pack_id[:2]}/{pack_id}"
