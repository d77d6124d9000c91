"""Secrets: addresses as they may be shown (in errors, logs, pages, beside a run), and tokens that can be."""

import re

_PASSWORD = re.compile(
    r"(?<=://)(?P<user>[^:/?#]*):[^?#]*@|(?P<name>[?&][^=&]*password)=[^&#]*", re.IGNORECASE
)


def is_header(value: str) -> bool:
    """Tells whether a header of HTTP can hold a text: a token, say, and not what it was pasted with."""
    return value.isascii() and value.isprintable()


def without_password(address: str) -> str:
    """Returns an address as it may be shown: passwords in it are left out."""
    return _PASSWORD.sub(
        lambda found: f"{found['name']}=..." if found["name"] else f"{found['user']}@", address
    )
