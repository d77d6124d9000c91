"""What a materialization says about the version that it made, in the keys that Dagster's page knows.

https://docs.dagster.io/guides/build/assets/metadata-and-tags lists the keys that start with `dagster/`.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

import dagster as dg

from lineageflow_core.model.address import Address
from lineageflow_core.run import Written
from lineageflow_dagster.formats import Described

Metadata = dict[str, dg.MetadataValue]

SNAPSHOT_KEY = "lineageflow/snapshot"
COMMIT_KEY = "lineageflow/commit"
BRANCH_KEY = "lineageflow/branch"
URL_KEY = "lineageflow/url"
PREVIOUS_KEY = "lineageflow/previous_snapshot"

_SHORT = 12
"""Digits of an id that people see. A lake finds a commit by them."""
_ID_SHOWN = re.compile(r"\[?([0-9a-f]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version that a step wrote: of a dataset, or of one partition of it."""

    written: Written
    described: Described


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionFacts:
    """Tells of versions that one step wrote to one asset."""

    repository: str
    branch: str
    """The branch that has them when the step ends."""
    page: str | None
    """Where the lake's page is served."""

    def of_all(self, versions: Mapping[str, Version], changed: Mapping[str, Metadata]) -> dict[str, Metadata]:
        """Returns what materializations say, by partition key; '' is what all of them say.

        `changed` is what there is to say of changes, by partition key.
        """
        first, *others = versions
        metadata = {"": self.of_dataset(versions[first])}
        for key, version in versions.items():
            metadata.setdefault(key if others else "", {}).update(
                self.of_version(version), **changed.get(key, {})
            )
        return metadata

    def of_dataset(self, version: Version) -> Metadata:
        """Returns what holds for the dataset, in whatever partition `version` is."""
        address = Address(repository=self.repository, path=version.written.snapshot.dataset)
        metadata: Metadata = {
            "dagster/uri": dg.MetadataValue.text(str(address)),
            BRANCH_KEY: dg.MetadataValue.text(self.branch),
        }
        if version.described.columns:
            columns = [dg.TableColumn(name, kind) for name, kind in version.described.columns]
            metadata["dagster/column_schema"] = dg.MetadataValue.table_schema(dg.TableSchema(columns))
        return metadata

    def of_version(self, version: Version) -> Metadata:
        """Returns what holds for this version only."""
        written, rows = version.written, version.described.rows
        metadata: Metadata = {
            SNAPSHOT_KEY: dg.MetadataValue.text(written.snapshot.snapshot),
            COMMIT_KEY: dg.MetadataValue.text(written.commit),
        }
        if rows is not None:
            key = "dagster/partition_row_count" if written.snapshot.partition else "dagster/row_count"
            metadata[key] = dg.MetadataValue.int(rows)
        if self.page is not None:
            path = f"{written.snapshot.dataset}/{written.snapshot.partition}".rstrip("/")
            url = data_url(self.page, self.repository, written.commit, path)
            metadata[URL_KEY] = dg.MetadataValue.url(url)
        return metadata


def for_people(metadata: Mapping[str, dg.MetadataValue]) -> Metadata:
    """Returns metadata with ids of a few digits, which lead to their pages where there is one.

    Tables have no room for 64 digits, or for addresses with them.
    """
    shown = dict(metadata)
    commit, url = metadata.get(COMMIT_KEY), shown.pop(URL_KEY, None)
    if commit is not None and url is not None:
        root = str(url.value).partition(f"/tree/{commit.value}")[0]
        shown[COMMIT_KEY] = _shown(commit, f"{root}/commit/{commit.value}")
    elif commit is not None:
        shown[COMMIT_KEY] = _shown(commit, None)
    for key, leads_to in ((SNAPSHOT_KEY, url), (PREVIOUS_KEY, None)):
        if key in metadata:
            shown[key] = _shown(metadata[key], str(leads_to.value) if leads_to is not None else None)
    return shown


def id_shown(value: dg.MetadataValue) -> str:
    """Returns the id that metadata has: all of it, or the digits that people see."""
    found = _ID_SHOWN.match(str(value.value))
    return found[1] if found is not None else str(value.value)


def _shown(value: dg.MetadataValue, url: str | None) -> dg.MetadataValue:
    short = str(value.value)[:_SHORT]
    return dg.MetadataValue.md(f"[{short}]({url})") if url else dg.MetadataValue.text(short)


def data_version_of(versions: Mapping[str, Version]) -> str:
    """Returns the data version of what a step wrote, by partition key: the snapshot's id.

    Dagster records a single one for all partitions of a step, so many partitions have a digest of theirs.
    """
    if len(versions) == 1:
        return next(iter(versions.values())).written.snapshot.snapshot
    lines = (f"{key} {version.written.snapshot.snapshot}\n" for key, version in sorted(versions.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def data_url(page: str, repository: str, ref: str, path: str) -> str:
    """Returns where LineageFlow's page shows a dataset or partition."""
    return f"{page.rstrip('/')}/r/{quote(repository)}/tree/{quote(ref)}/{quote(path)}"


def commit_url(page: str, repository: str, commit: str) -> str:
    """Returns where LineageFlow's page shows a commit."""
    return f"{page.rstrip('/')}/r/{quote(repository)}/commit/{quote(commit)}"


def run_url(page: str, run_id: str) -> str:
    """Returns where LineageFlow's page shows a run."""
    return f"{page.rstrip('/')}/runs/{quote(run_id)}"
