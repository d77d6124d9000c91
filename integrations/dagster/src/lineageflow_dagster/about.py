"""What a project says of its assets (description, owners, tags, kinds, group) as lineage has it."""

from collections.abc import Iterable, Iterator

import dagster as dg

from lineageflow_core.openlineage.about import About

KIND = "lineageflow"
"""The kind of every asset whose data is in a lake, beside those that it has."""

_KIND_PREFIX = "dagster/kind/"
_NO_GROUP = "default"
"""The group of what is in none."""


def about_asset(spec: dg.AssetSpec) -> About:
    """Returns what is said of an asset. Its group, its kinds and its code version are tags, too."""
    return About(description=spec.description, owners=tuple(spec.owners), tags=tuple(_tags(spec)))


def about_step(specs: Iterable[dg.AssetSpec], description: str | None) -> About:
    """Returns what is said of a step: whose assets it makes, and what it does."""
    owners = dict.fromkeys(owner for spec in specs for owner in spec.owners)
    return About(description=description, owners=tuple(owners))


def as_kept_in_lake(spec: dg.AssetSpec) -> dg.AssetSpec:
    """Returns an asset with the kind that says where its data is; as it was, if it has as many as can be."""
    try:
        return spec.merge_attributes(kinds={KIND})
    except dg.DagsterInvalidDefinitionError:
        return spec


def _tags(spec: dg.AssetSpec) -> Iterator[tuple[str, str]]:
    if spec.group_name not in {None, _NO_GROUP}:
        yield "dagster/group", str(spec.group_name)
    for kind in sorted(spec.kinds):
        yield "dagster/kind", kind
    if spec.code_version is not None:
        yield "dagster/code_version", spec.code_version
    for key, value in spec.tags.items():
        if not key.startswith(_KIND_PREFIX):
            yield key, value
