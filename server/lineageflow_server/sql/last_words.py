"""The last words on jobs and datasets, kept by facet, and what they are found by."""

from collections.abc import Mapping
from typing import TypeAlias

from sqlalchemy import Connection, Table

from lineageflow_core.store.ports import Word
from lineageflow_server.sql import lineage_rows
from lineageflow_server.sql import lineage_tables as tables
from lineageflow_server.sql.bulk import find_rows, put_rows
from lineageflow_server.sql.term_index import index_words

Words: TypeAlias = Mapping[tuple[int, str], Word]
"""By the key of whom they are about, and by facet."""


def put_words(connection: Connection, *, jobs: Words, datasets: Words) -> None:
    """Keeps each word that is later than the one there."""
    _put(connection, tables.jobs, tables.job_words, jobs)
    _put(connection, tables.datasets, tables.dataset_words, datasets)


def _put(connection: Connection, about: Table, table: Table, words: Words) -> None:
    [owner] = (column for column in table.c if column.references(about.c.key))
    there = {
        (key, facet): Word(stamp, said)
        for key, facet, stamp, said in find_rows(
            connection, tuple(table.c), owner, sorted({key for key, _ in words})
        )
    }
    later: dict[tuple[int, str], Word] = {}
    changed: dict[tuple[int, str], Word] = {}
    for place, word in sorted(words.items()):
        before = there.get(place)
        if before is None or before.stamp < word.stamp:
            later[place] = word
            if before is None or before.said != word.said:
                changed[place] = word
    index_words(connection, about, changed, instead_of=there)
    rows = [lineage_rows.word_row(owner.name, *place, word) for place, word in later.items()]
    put_rows(connection, table, rows, by=(owner.name, "facet"))
