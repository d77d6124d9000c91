"""Addresses as they may be shown: in errors, logs, pages and what is written beside a run."""

import re

_PASSWORD = re.compile(
    r"(?<=://)(?P<user>[^:/?#]*):[^?#]*@|(?P<name>[?&][^=&]*password)=[^&#]*", re.IGNORECASE
)


def without_password(address: str) -> str:
    """Returns an address as it may be shown: passwords in it are left out."""
    return _PASSWORD.sub(
        lambda found: f"{found['name']}=..." if found["name"] else f"{found['user']}@", address
    )
