"""From what a step returned to the versions that it became: one, or one for each partition."""

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from lineageflow_core import RunSession
from lineageflow_core.errors import InvalidInputError
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
    """Writes one value as a dataset, or as the partition `key` of one."""
    asset = context.definition_metadata
    chosen = choose_format(text_of(asset.get(FORMAT_KEY)) or default_format, value, trust=trust)
    with tempfile.TemporaryDirectory(prefix="lineageflow-") as folder:
        made = find_format(chosen).write(value, Path(folder), trust=trust)
        described = made.described
        written = session.write(
            dataset_path(context.asset_key.path),
            made.files,
            partition=path_segment(key) if key else "",
            dataset_type=text_of(asset.get(DATASET_TYPE_KEY)) or described.dataset_type,
            schema=described.columns,
            rows=described.rows,
        )
    return Version(written=written, described=described)


def data_version(versions: Mapping[str, Version]) -> str:
    """Returns the data version of what a step wrote: the snapshot's id.

    Dagster records a single one for all partitions of a step, so many partitions have a digest of theirs.
    """
    if len(versions) == 1:
        return next(iter(versions.values())).written.snapshot.snapshot
    lines = (f"{key} {version.written.snapshot.snapshot}\n" for key, version in sorted(versions.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def text_of(value: object) -> str | None:
    """Returns the text of a metadata entry, which Dagster may have wrapped."""
    value = getattr(value, "value", value)
    return value if isinstance(value, str) else None
