"""Where a repository's content lies, as a URL that holds no secret; and what a check of such a place found.

A URL names a bucket and a folder in it. Who may use it is told by the environment of the process that does
(`docs/storage.md`), so that the URL can be stored, shown and logged.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from lineageflow_core.errors import InvalidInputError


class Provider(StrEnum):
    """Whose storage it is; the value is the URL's scheme."""

    FOLDER = "file"
    MEMORY = "memory"
    S3 = "s3"
    GCS = "gs"
    AZURE = "az"


_SCHEMES = {
    **{provider.value: provider for provider in Provider},
    "s3a": Provider.S3,
    "gcs": Provider.GCS,
    "abfs": Provider.AZURE,
    "abfss": Provider.AZURE,
}
_OPTIONS = {Provider.S3: frozenset({"endpoint_url", "region"})}
"""What a query may say; nothing that is secret."""

_BUCKET = re.compile(r"[a-z0-9$][a-z0-9$._-]{1,221}")
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_REGION = re.compile(r"[A-Za-z0-9_-]{1,63}")
"""It becomes part of a host's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageUrl:
    """A folder in a bucket, or on this machine."""

    provider: Provider
    bucket: str = ""
    """Azure calls it a container. '' on this machine."""
    path: str = ""
    """The folder in the bucket, without '/' at its ends; on this machine an absolute path."""
    account: str | None = None
    """Azure's storage account; None: the environment says which."""
    endpoint_url: str | None = None
    """Of a server that speaks S3, such as MinIO or R2; None: the environment says which, else Amazon."""
    region: str | None = None

    def __str__(self) -> str:
        if self.provider is Provider.FOLDER:
            return f"file://{self.path}"
        scheme, host = self.provider.value, self.bucket
        if self.account:
            scheme, host = "abfs", f"{self.bucket}@{self.account}.dfs.core.windows.net"
        options = {"endpoint_url": self.endpoint_url, "region": self.region}
        query = urlencode({name: value for name, value in options.items() if value})
        return f"{scheme}://{'/'.join(filter(None, (host, self.path)))}{'?' + query if query else ''}"

    def below(self, name: str) -> Self:
        """Returns a folder in this one."""
        return replace(self, path=f"{self.path.rstrip('/')}/{name}".lstrip("/" if self.bucket else ""))


def parse_storage(url: str) -> StorageUrl:
    """Returns what a URL means. Raises InvalidInputError, without repeating what may be a secret."""
    parts = _split(url)
    provider = _SCHEMES.get(parts.scheme.lower()) if "://" in url else None
    if provider is None:
        raise InvalidInputError(
            f"{_without_secrets(url)!r} is no storage that is known: write 's3://bucket/folder', "
            "'gs://bucket/folder', 'az://container/folder', "
            "'abfs://container@account.dfs.core.windows.net/folder' or 'file:///folder'"
        )
    options = _options(parts, provider)
    if provider is Provider.FOLDER:
        if parts.netloc or not parts.path.startswith("/"):
            raise InvalidInputError("a folder is named by its absolute path, as in 'file:///srv/lake'")
        return StorageUrl(provider=provider, path=parts.path.rstrip("/") or "/")
    bucket, account = _host(parts, provider)
    if not _BUCKET.fullmatch(bucket):
        raise InvalidInputError(
            f"{bucket[:100]!r} cannot be a bucket: a name has at least 2 of a-z, 0-9, '.', '_' and '-'"
        )
    path = parts.path.strip("/")
    if any(segment in {"", ".", ".."} for segment in path.split("/")) and path:
        raise InvalidInputError(f"{path[:200]!r} cannot be a folder: no part of it is empty, '.' or '..'")
    return StorageUrl(
        provider=provider,
        bucket=bucket,
        path=path,
        account=account,
        endpoint_url=options.get("endpoint_url"),
        region=options.get("region"),
    )


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise InvalidInputError("the storage's URL cannot be read; write 's3://bucket/folder'") from error


def _host(parts: SplitResult, provider: Provider) -> tuple[str, str | None]:
    """Returns the bucket, and the account where the URL says it."""
    userinfo, has_user, host = parts.netloc.rpartition("@")
    if not has_user:
        return host, None
    account, _, domain = host.partition(".")
    if provider is not Provider.AZURE or ":" in userinfo or not domain:
        raise InvalidInputError(
            "a storage's URL holds no user, key or password, because it is stored and shown: leave them out, "
            "and put them into the environment of whoever uses the storage (docs/storage.md says how)"
        )
    if not _ACCOUNT.fullmatch(account):
        raise InvalidInputError(f"{account[:100]!r} cannot be a storage account: 3 to 24 of a-z and 0-9")
    return userinfo, account


def _options(parts: SplitResult, provider: Provider) -> dict[str, str]:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    allowed = _OPTIONS.get(provider, frozenset())
    if parts.fragment or not options.keys() <= allowed:
        what = f"only {' and '.join(sorted(allowed))} may" if allowed else "nothing may"
        raise InvalidInputError(
            f"{what} stand behind '?' in a storage's URL of {provider.value}; a SAS token or any other "
            "secret belongs into the environment of whoever uses the storage (docs/storage.md says how)"
        )
    endpoint = options.get("endpoint_url")
    if endpoint is not None:
        there = _split(endpoint)
        if there.scheme not in {"http", "https"} or not there.hostname or "@" in there.netloc or there.query:
            raise InvalidInputError("endpoint_url is to be as 'https://minio.example:9000', without a secret")
    region = options.get("region")
    if region is not None and not _REGION.fullmatch(region):
        raise InvalidInputError(f"{region[:100]!r} cannot be a region; it is one as 'eu-central-1'")
    return options


def _without_secrets(url: str) -> str:
    """Returns what of a URL cannot be one."""
    start = url.partition("?")[0].partition("#")[0]
    scheme, has_scheme, rest = start.rpartition("://")
    return f"{scheme}{has_scheme}{rest.rpartition('@')[2]}"[:200]


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageCheck:
    """One thing that a storage has to let us do."""

    name: str
    """What: 'write', 'read', 'read a range', 'list', 'create once', 'delete', 'clock'."""
    ok: bool
    needed: bool = True
    """Without this nothing can be stored or read; without the others something is lost, as `detail` says."""
    permission: str = ""
    """What the provider calls the permission that allows it."""
    detail: str = ""
    """What went wrong, and what that means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageReport:
    """What a check of a storage found, in the order in which it was tried."""

    storage: str
    """Its URL, or where else it is."""
    checks: tuple[StorageCheck, ...]

    @property
    def usable(self) -> bool:
        """All that is needed works."""
        return all(check.ok for check in self.checks if check.needed)
