"""From an address to a `Catalog`.

`memory:` and `http(s):` are built in. Other kinds of address come from distributions that offer the entry
point `lineageflow.connectors` (a function from the address to a Catalog): `folder` for a path,
otherwise the scheme's name, such as `postgresql`.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lineageflow_core.catalog import Catalog, Emitter
from lineageflow_core.errors import InvalidInputError
from lineageflow_core.lake import Lake
from lineageflow_core.model.secrets import without_password

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

CONNECTORS = "lineageflow.connectors"


def connect(
    address: str, *, token: str | None = None, direct: bool = True, outbox: Path | str | None = None
) -> Lake:
    """Opens the lake at `address`: a folder, `memory:`, `http(s)://host`, or what a connector offers.

    A folder that is no lake yet becomes one. `token` is the bearer token for a server;
    `direct` lets bytes go past it, straight to buckets that this process can reach itself.
    `outbox` is a folder on this machine where the events of runs wait if a server cannot take them, so that
    no run fails or waits for that; without it, a run tells the server at once, or fails. Raises
    InvalidInputError if nothing can open the address.
    """
    if address == "memory:":
        from lineageflow_core.service.embedded import open_embedded
        from lineageflow_core.store.memory import MemoryStores

        return _lake(open_embedded(MemoryStores()), None)
    scheme = address.partition("://")[0].lower() if "://" in address else "folder"
    if scheme in {"http", "https"}:
        from lineageflow_core.remote.client import open_remote

        catalog = open_remote(address, token=token, direct=direct)
        if outbox is not None:
            catalog = replace(catalog, emitter=_courier(address, token, Path(outbox)))
        return _lake(catalog, whole_address(address))
    for found in _connectors(scheme.partition("+")[0]):
        catalog = found.load()(address)
        assert isinstance(catalog, Catalog)
        return _lake(catalog, whole_address(address))
    raise InvalidInputError(
        f"nothing here can open {without_password(address)!r}; install 'lineageflow-core[sql]' for folders "
        "and databases, or name a server as in 'https://lineage.example'"
    )


def _connectors(scheme: str) -> "Iterator[EntryPoint]":
    """Yields what can open an address. Ours is asked first: it takes longer to ask all that are installed."""
    from importlib.metadata import PackageNotFoundError, distribution, entry_points

    with suppress(PackageNotFoundError):
        yield from distribution("lineageflow-server").entry_points.select(group=CONNECTORS, name=scheme)
    yield from entry_points(group=CONNECTORS, name=scheme)


def _courier(address: str, token: str | None, outbox: Path) -> Emitter:
    from lineageflow_core.openlineage.courier import Courier
    from lineageflow_core.openlineage.outbox import Outbox
    from lineageflow_core.openlineage.receiver import Receiver, bearer_of

    return Courier(Outbox(outbox.absolute(), address), Receiver(address, bearer=bearer_of(token)))


def _lake(catalog: Catalog, address: str | None) -> Lake:
    members = {field.name: getattr(catalog, field.name) for field in fields(Catalog)}
    return Lake(**(members | {"address": address}))


def whole_address(address: str) -> str:
    """Returns the address that means the same lake from any folder."""
    return address.rstrip("/") if "://" in address else str(Path(address).resolve())
