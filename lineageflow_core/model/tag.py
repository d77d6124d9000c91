"""A tag as people list it: the ref, and what was said when it was made."""

from dataclasses import dataclass

from lineageflow_core.model.refs import Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A name that never means another commit."""

    ref: Ref
    author: str | None = None
    """Who made it; None where the log does not tell."""
    message: str = ""
    """What it stands for."""
