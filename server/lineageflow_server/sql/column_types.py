"""How the model's values lie in columns: exactly, compactly, and sorted as they compare."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any, Generic, TypeGuard, TypeVar

from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, String, TypeDecorator
from sqlalchemy.types import TypeEngine

from lineageflow_core.store.instants import from_microseconds, to_microseconds

Key = BigInteger().with_variant(Integer, "sqlite")
"""A surrogate key. SQLite numbers rows by itself only in columns that are declared INTEGER."""

E = TypeVar("E", bound=StrEnum)


def preparation(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """Returns what makes of a value what a driver takes; None where that is the value itself."""
    return partial(kind.process_bind_param, dialect=dialect) if _differs(kind, dialect) else None


def restoration(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """Returns what makes a value of what a driver gives; None where that is the value itself."""
    return kind.result_processor(dialect, None) if _differs(kind, dialect) else None


def _differs(kind: TypeEngine[Any], dialect: Dialect) -> TypeGuard[TypeDecorator[Any]]:
    return isinstance(kind, TypeDecorator) and (dialect.name == "postgresql" or not isinstance(kind, Name))


class Name(TypeDecorator[str]):
    """Any text, which sorts by code point, as Python sorts it.

    PostgreSQL's text holds no U+0000. There, U+0000 and U+0001 become two characters each, which sort as they
    do: so no text is refused, and no order changed.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        collation = "C" if dialect.name == "postgresql" else None
        return dialect.type_descriptor(String(collation=collation))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or dialect.name != "postgresql":
            return value
        return value.replace("\x01", "\x01\x02").replace("\x00", "\x01\x01")

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or dialect.name != "postgresql":
            return value
        return value.replace("\x01\x01", "\x00").replace("\x01\x02", "\x01")


class Digest(TypeDecorator[str]):
    """64 hex digits, as 32 bytes."""

    impl = LargeBinary(32)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else bytes.fromhex(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[bytes | None], str | None]:
        # Instead of `process_result_value`, which is called through others: digests are read by the thousand.
        return lambda value: None if value is None else value.hex()


class RunKey(TypeDecorator[str]):
    """A run id, which is a UUID in its canonical form, as 16 bytes."""

    impl = LargeBinary(16)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else bytes.fromhex(value.replace("-", ""))

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        text = value.hex()  # as `UUID` would, in a third of the time
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class Instant(TypeDecorator[datetime]):
    """An instant, as whole microseconds since 1970 in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_microseconds(value)


class Choice(TypeDecorator[E], Generic[E]):
    """A member of an enumeration, as its value."""

    impl = String
    cache_ok = True

    def __init__(self, choices: type[E]) -> None:
        super().__init__()
        self.choices = choices

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        return None if value is None else value.value

    def process_result_value(self, value: Any, dialect: Dialect) -> E | None:
        return None if value is None else self.choices(value)
