"""Finds out what a bucket lets us do, by doing it to a small probe that is gone afterwards.

Each step names the permission that it takes, in the provider's own words, so that whoever runs the bucket can
grant just that. Nothing is retried: what fails now and then shows here.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from lineageflow_core.errors import LineageFlowError
from lineageflow_core.model.storage import Provider, StorageCheck, StorageReport
from lineageflow_core.store.buckets import Blob, Bucket

_CONTENT = b"what lineageflow writes to see whether it may"
_FOLDER = "tmp"
_MOST_SKEW = 60.0
"""Seconds between the clocks that are no reason to worry."""

_AZURE = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"

PERMISSIONS: dict[Provider, dict[str, str]] = {
    Provider.S3: {
        "write": "s3:PutObject",
        "read": "s3:GetObject",
        "look up": "s3:ListBucket",
        "list": "s3:ListBucket",
        "delete": "s3:DeleteObject",
    },
    Provider.GCS: {
        "write": "storage.objects.create",
        "read": "storage.objects.get",
        "look up": "storage.objects.list",
        "list": "storage.objects.list",
        "delete": "storage.objects.delete",
    },
    Provider.AZURE: {
        "write": f"{_AZURE}/write",
        "read": f"{_AZURE}/read",
        "look up": f"{_AZURE}/read",
        "list": f"{_AZURE}/read",
        "delete": f"{_AZURE}/delete",
    },
}
"""What each step takes. Looking up a name that is not there takes more than reading one that is: without it
the answer is 'denied', so that nobody learns what there is."""

_Step = Callable[[], str | None]
"""Does something, and returns what was wrong about the result; None where nothing was."""


def probe(bucket: Bucket) -> StorageReport:
    """Returns what can be done in a bucket. Raises nothing about it: that is what the report tells."""
    return _Probe(bucket).report()


class _Probe:
    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._name = f"{_FOLDER}/check-{uuid4().hex}"
        self._listed: Blob | None = None

    def report(self) -> StorageReport:
        checks = [self._check("write", self._write)]
        if checks[0].ok:
            checks += [
                self._check("read", self._read),
                self._check("read a range", self._read_range),
                self._check("look up", self._look_up),
                self._check("list", self._list),
                self._check("create once", self._create_again, needed=False),
                self._check("clock", self._compare_clocks, needed=False),
                self._check("delete", self._remove, needed=False),
            ]
        return StorageReport(storage=str(self._bucket.url), checks=tuple(checks))

    def _check(self, name: str, step: _Step, *, needed: bool = True) -> StorageCheck:
        try:
            wrong = step()
        except FileNotFoundError:
            wrong = "there is no such bucket: make it, or name another storage"
        except LineageFlowError as error:
            wrong = error.message.partition("; `")[0]  # the rest is advice to do what is being done
        permissions = PERMISSIONS.get(self._bucket.url.provider, {})
        taken = {"read a range": "read", "create once": "write"}.get(name, name)
        return StorageCheck(
            name=name,
            ok=wrong is None,
            needed=needed,
            permission=permissions.get(taken, ""),
            detail=wrong or "",
        )

    def _write(self) -> str | None:
        self._bucket.create(self._name, _CONTENT)
        return None

    def _read(self) -> str | None:
        if self._bucket.read(self._name, 0, len(_CONTENT)) != _CONTENT:
            return "other bytes came back than were written"
        return None

    def _read_range(self) -> str | None:
        if self._bucket.read(self._name, 5, 9) != _CONTENT[5:9]:
            return "a part of an object came back as something else: ranges are not honoured"
        return None

    def _look_up(self) -> str | None:
        if self._bucket.size(self._name) != len(_CONTENT):
            return "an object that was written is not found, or has another size"
        if self._bucket.size(f"{self._name}-not") is not None:
            return "an object that was never written is found"
        return None

    def _list(self) -> str | None:
        self._listed = next((blob for blob in self._bucket.list(_FOLDER) if blob.name == self._name), None)
        return None if self._listed else "an object that was written is not listed"

    def _create_again(self) -> str | None:
        if self._bucket.create(self._name, _CONTENT):
            return (
                "a creation overwrites what is there. Nothing is lost by it, as equal names mean equal "
                "bytes; but bytes are sent twice where two write the same"
            )
        return None

    def _compare_clocks(self) -> str | None:
        if self._listed is None:
            return "it cannot be compared without a listing"
        skew = (datetime.now(UTC) - self._listed.modified_at).total_seconds()
        if abs(skew) > _MOST_SKEW:
            where = "ahead of" if skew > 0 else "behind"
            return (
                f"this machine's clock is {abs(skew):.0f} s {where} the storage's: set it; from 15 minutes "
                "on, requests are refused"
            )
        return None

    def _remove(self) -> str | None:
        self._bucket.remove(self._name)
        if self._bucket.size(self._name) is not None:
            return "what was deleted is still there"
        return None
