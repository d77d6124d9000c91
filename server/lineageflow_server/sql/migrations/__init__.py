"""How the tables of a lake came to be what they are: one revision after the other, in `versions/`.

Rules, so that a server of one version works beside one of another while a lake is being upgraded:

- *Expand, then contract.* A revision adds: tables, indexes, columns that may be null or have a default of
  the database's. What is not needed any more is removed by a later release, when no server that needs it is
  left. So a version works with the tables of any later one, as long as the lake's `format` is not raised.
- A revision that removes or changes the meaning of something sets `lake.format` and `lake.needs`, and older
  versions refuse the lake. Its `IS_ADDITIVE` is False, and a database that servers share gets it only by
  `lineageflow db upgrade`, which says so first.
- A version refuses tables that are older than it knows (`lineageflow db upgrade`); a lake in a folder is
  upgraded when it is opened, for nobody else's version has to work with it.
- Every revision goes both ways, in one transaction. Rows of later versions that older ones cannot know may
  be lost on the way back; nothing else.
- New lakes are made from `tables.metadata` and marked with the last revision: it is quicker, needs no
  Alembic, and a test proves that all revisions together give exactly the same.

A revision is a file `NNNN_what_it_does.py`, and its number is its id. To write one: change `tables.py`, then
`python -m lineageflow_server.sql.migrations "what it does"` (`__main__.py`) writes the file from the
difference; fill in what it cannot know (how old rows get their values), and `tests/server/sql` tells whether
it is right.
"""

from functools import cache
from pathlib import Path

VERSIONS = Path(__file__).parent / "versions"


@cache
def known_revisions() -> tuple[str, ...]:
    """Returns the ids of all revisions that this version knows, in order."""
    return tuple(sorted(file.name.partition("_")[0] for file in VERSIONS.glob("[0-9]*_*.py")))
