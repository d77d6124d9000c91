"""Which format a value is written in."""

from collections.abc import Mapping

from lineageflow_core.errors import InvalidInputError
from lineageflow_dagster.formats.folders import FolderFormat, is_path
from lineageflow_dagster.formats.format import Format
from lineageflow_dagster.formats.objects import JoblibFormat, PickleFormat, SkopsFormat, is_model
from lineageflow_dagster.formats.tables import TableFormat, is_rows
from lineageflow_dagster.formats.texts import BytesFormat, JsonFormat, TextFormat, is_plain
from lineageflow_dagster.formats.trust import Trust

AUTOMATIC = "auto"
"""The value decides: the safest format that gives it back as it was."""

FORMATS: Mapping[str, Format] = {
    "parquet": TableFormat("parquet"),
    "arrow": TableFormat("arrow"),
    "csv": TableFormat("csv"),
    "txt": TextFormat("txt"),
    "md": TextFormat("md"),
    "html": TextFormat("html"),
    "sql": TextFormat("sql"),
    "json": JsonFormat("json"),
    "bin": BytesFormat("bin"),
    "pickle": PickleFormat("pickle"),
    "joblib": JoblibFormat("joblib"),
    "skops": SkopsFormat("skops"),
    "folder": FolderFormat(),
}
"""Every format by its name, which is the ending of its files where it gives them one."""


def choose_format(name: str, value: object, *, trust: Trust = Trust()) -> str:  # noqa: B008  # frozen
    """Returns the format to write `value` in, where `name` was asked for.

    Tables become Parquet, str text, bytes bytes, Paths their files, plain values JSON: nothing of that runs
    code when it is read, and other tools read it, too. Only what is left is pickled, or, where pickles are
    not trusted, written by skops if it is a model. Raises InvalidInputError for a format there is not.
    """
    if name != AUTOMATIC:
        find_format(name)
        return name
    if is_path(value):
        return "folder"
    if is_rows(value):
        return "parquet"
    if isinstance(value, str):
        return "txt"
    if isinstance(value, bytes | bytearray | memoryview):
        return "bin"
    if is_plain(value):
        return "json"
    return "skops" if is_model(value) and not trust.pickles else "pickle"


def find_format(name: str) -> Format:
    """Returns the format of this name. Raises InvalidInputError, naming those there are."""
    try:
        return FORMATS[name]
    except KeyError:
        raise InvalidInputError(
            f"there is no format {name!r}; choose one of {', '.join([AUTOMATIC, *FORMATS])}"
        ) from None
