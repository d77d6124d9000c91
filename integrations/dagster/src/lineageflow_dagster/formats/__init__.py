"""How a Python value becomes the files of a dataset, and how the files become a value again.

Writing goes by the value, or by the format that is asked for. A format is named by the ending of its files,
so any other tool can tell what was written. Reading goes by what the reader's annotation says, whatever was
written, and by the files' endings where it says nothing. Formats touch local files and readings only; where
those come from and go to is the IO manager's business.
"""

from lineageflow_dagster.formats.choosing import AUTOMATIC, FORMATS, choose_format, find_format
from lineageflow_dagster.formats.format import Described, Format, LocalFiles
from lineageflow_dagster.formats.reading import is_object, read_value
from lineageflow_dagster.formats.trust import Trust

__all__ = [
    "AUTOMATIC",
    "FORMATS",
    "Described",
    "Format",
    "LocalFiles",
    "Trust",
    "choose_format",
    "find_format",
    "is_object",
    "read_value",
]
