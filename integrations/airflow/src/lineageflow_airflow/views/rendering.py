"""HTML out of templates; everything that is put into them is escaped."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lineageflow_core.model.secrets import without_password

_DIGITS = 12
"""Of an id, which is enough to tell it from others in one lake."""


def render(template: str, **shown: Any) -> str:
    """Returns a page."""
    return _templates.get_template(template).render(**shown)


def _moment(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _size(change: int) -> str:
    amount, sign = float(abs(change)), "-" if change < 0 else "+"
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{sign}{amount:.0f} {unit}" if unit == "B" else f"{sign}{amount:.1f} {unit}"
        amount /= 1000
    return f"{sign}{amount:.1f} TB"


_filters: dict[str, Callable[..., str]] = {
    "moment": _moment,
    "segment": lambda text: quote(text, safe=""),
    "short": lambda name: (name or "")[:_DIGITS],
    "size": _size,
    "without_password": without_password,
}
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters |= _filters
