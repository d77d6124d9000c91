"""`LineageFlowTransport`: a transport for OpenLineage's own Python client, with an outbox.

Whatever emits through `openlineage-python` (dbt, Airflow's provider, Dagster's plugins, your own code) gets
it by configuration:

```
OPENLINEAGE__TRANSPORT__TYPE=lineageflow_core.openlineage.transport.LineageFlowTransport
OPENLINEAGE__TRANSPORT__URL=https://lake.example
OPENLINEAGE__TRANSPORT__AUTH={"type": "api_key", "apiKey": "..."}
```

Emitting means keeping: it never waits for the receiver. Such a client is configured by its environment, so
this module, like the command, looks there for the outbox's folder where the configuration names none.
"""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attr
from openlineage.client.serde import Serde
from openlineage.client.transport.http import TokenProvider, create_token_provider
from openlineage.client.transport.transport import Config, Transport

from lineageflow_core.errors import InvalidInputError
from lineageflow_core.openlineage.courier import CLOSE_SECONDS, Courier
from lineageflow_core.openlineage.outbox import DEFAULT_LIMIT, VARIABLE, Outbox, outbox_folder
from lineageflow_core.openlineage.receiver import Receiver

if TYPE_CHECKING:
    from openlineage.client.client import Event


@attr.define(kw_only=True)
class LineageFlowConfig(Config):
    """How the transport is configured, in any way that OpenLineage's client can be."""

    url: str
    """The receiver's address, without `/api/v1/lineage`."""
    auth: TokenProvider
    """Made of `auth` as the client's transport `http` has it (api_key, jwt, oauth2), or of `token`."""
    outbox: Path
    """The folder where events wait."""
    outbox_bytes: int = DEFAULT_LIMIT
    """What it may hold for this receiver."""

    @classmethod
    def from_dict(cls, params: dict[str, Any]) -> "LineageFlowConfig":
        """Reads a configuration. Raises InvalidInputError for one that cannot work."""
        if not params.get("url"):
            raise InvalidInputError("the transport needs the receiver's address: set its 'url'")
        given = params.get("outbox")
        folder = Path(str(given)).absolute() if given else outbox_folder(os.environ)
        if folder is None:
            raise InvalidInputError(
                f"there is no home folder to keep events in: set the transport's 'outbox', or {VARIABLE}"
            )
        auth = params.get("auth") or {}
        if token := params.get("token"):
            auth = {"type": "api_key", "apiKey": str(token)}
        return cls(
            url=str(params["url"]),
            auth=create_token_provider(auth),
            outbox=folder,
            outbox_bytes=_bytes(params.get("outbox_bytes", DEFAULT_LIMIT)),
        )


def _bytes(given: object) -> int:
    if not str(given).isdecimal():
        raise InvalidInputError(f"the transport's 'outbox_bytes' is a number of bytes, not {given!r}")
    return int(str(given))


class LineageFlowTransport(Transport):
    """Keeps each event in an outbox on this machine, and brings it to the receiver from there."""

    kind = "lineageflow"
    config_class = LineageFlowConfig

    def __init__(self, config: LineageFlowConfig) -> None:
        self.courier = Courier(
            Outbox(config.outbox, config.url, limit=config.outbox_bytes),
            Receiver(config.url, bearer=config.auth.get_bearer),
        )

    def emit(self, event: "Event") -> None:
        """Keeps an event; it is durable on return, and on its way.

        Raises StorageError where it can neither be kept nor sent: then, as with any transport that raises,
        it is lost unless the producer emits it again.
        """
        self.courier.keep(json.loads(Serde.to_json(event)))

    def close(self, timeout: float = -1) -> bool:
        """Waits for events to be brought, at most `timeout` seconds, or 5 if that is negative.

        Tells whether all were. Those that were not are kept, and brought by the next process.
        """
        return self.courier.close(CLOSE_SECONDS if timeout < 0 else timeout)
