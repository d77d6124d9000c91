"""From what a step returned to the versions that it became: one, or one for each partition."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from lineageflow_core import RunSession
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.model.given_file import GivenFile
from lineageflow_dagster.formats import Trust, choose_format, find_format
from lineageflow_dagster.metadata import Version
from lineageflow_dagster.naming import dataset_path, path_segment

FORMAT_KEY = "lineageflow/format"
"""Metadata of an asset: the format of its files, where the IO manager's own does not suit it."""
DATASET_TYPE_KEY = "lineageflow/dataset_type"
"""Metadata of an asset: TABLE, FILE, MODEL, ... where its Python value does not tell."""


def values_by_partition(context: dg.OutputContext, value: object) -> dict[str, object]:
    """Returns what a step returned by partition key; the key is '' for an asset without partitions.

    Raises InvalidInputError where a step over many partitions did not return a value for each.
    """
    if not context.has_asset_partitions:
        return {"": value}
    keys = sorted(context.asset_partition_keys)
    if isinstance(value, Mapping) and set(value) == set(keys):
        return {key: value[key] for key in keys}
    if len(keys) == 1:
        return {keys[0]: value}
    got = f"the keys {sorted(map(str, value))}" if isinstance(value, Mapping) else type(value).__qualname__
    raise InvalidInputError(
        f"asset {context.asset_key.to_user_string()!r} was executed for {len(keys)} partitions at once, so "
        f"it has to return a dictionary with the keys {keys}, not {got}"
    )


def write(
    context: dg.OutputContext,
    session: RunSession,
    key: str,
    value: object,
    *,
    default_format: str,
    trust: Trust,
) -> Version:
    """Writes one value of an asset, as its metadata says; the partition `key` of it, unless that is ''."""
    asset = context.definition_metadata
    return write_value(
        session,
        dataset_path(context.asset_key.path),
        value,
        partition=key,
        format_=text_of(asset.get(FORMAT_KEY)) or default_format,
        dataset_type=text_of(asset.get(DATASET_TYPE_KEY)),
        trust=trust,
    )


def write_value(
    session: RunSession,
    dataset: str,
    value: object,
    *,
    partition: str,
    format_: str,
    dataset_type: str | None,
    trust: Trust,
) -> Version:
    """Writes a value as a dataset, or as one partition of it, by its key."""
    chosen = find_format(choose_format(format_, value, trust=trust))
    with tempfile.TemporaryDirectory(prefix="lineageflow-") as folder:
        made = chosen.write(value, Path(folder), trust=trust)
        written = session.write(
            dataset,
            {name: _given(file, Path(folder)) for name, file in made.files.items()},
            partition=path_segment(partition) if partition else "",
            dataset_type=dataset_type or made.described.dataset_type,
            schema=made.described.columns,
            rows=made.described.rows,
        )
    return Version(written=written, described=made.described)


def _given(file: Path, folder: Path) -> Path:
    """Returns a file that the lake may keep, instead of a copy, if it was made for it."""
    return GivenFile(file) if file.is_relative_to(folder) else file


def text_of(value: object) -> str | None:
    """Returns the text of a metadata entry, which Dagster may have wrapped."""
    value = getattr(value, "value", value)
    return value if isinstance(value, str) else None
