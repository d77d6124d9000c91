"""Kinds of column types, by their names in DuckDB as `spelled` here."""

_INTEGERS = frozenset(
    f"{sign}{size}int" for sign in ("", "u") for size in ("tiny", "small", "big", "huge", "")
) | {"integer", "uinteger"}
_FLOATS = frozenset({"float", "double"})
_TEXTS = frozenset({"varchar", "json"})


def spelled(kind: str) -> str:
    """Returns DuckDB's name of a type as we write it; one that holds names of its own is left as it is."""
    return kind if "(" in kind and not kind.startswith("DECIMAL") else kind.lower()


def is_integer(kind: str) -> bool:
    """Tells whether values are whole numbers."""
    return kind in _INTEGERS


def is_float(kind: str) -> bool:
    """Tells whether values are binary floating-point numbers, which may be NaN."""
    return kind in _FLOATS


def is_number(kind: str) -> bool:
    """Tells whether values are numbers, decimals left out: JSON's numbers could not tell those exactly."""
    return is_integer(kind) or is_float(kind)


def is_decimal(kind: str) -> bool:
    """Tells whether values are decimal numbers."""
    return kind.startswith("decimal")


def is_text(kind: str) -> bool:
    """Tells whether values are text."""
    return kind in _TEXTS


def is_instant(kind: str) -> bool:
    """Tells whether values are dates or points in time."""
    return kind == "date" or (kind.startswith("timestamp") and not is_nested(kind))


def is_nested(kind: str) -> bool:
    """Tells whether values consist of other values."""
    return kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION", "variant"))
