"""What readers of a lake may be made to run."""

from dataclasses import dataclass

from lineageflow_core.errors import InvalidInputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """How far whoever writes to the lake is trusted by whoever reads.

    Reading a pickle runs code that its writer chose. So does reading with joblib. A skops file can only make
    objects of types that it names, and these have to be known or trusted.
    """

    pickles: bool = True
    """Pickles may be written and read."""
    types: tuple[str, ...] = ()
    """Types that a skops file may have, beside those that skops knows: `package.module.Class`."""

    def check_pickles(self, ending: str) -> None:
        """Raises InvalidInputError if pickles are not trusted here."""
        if not self.pickles:
            raise InvalidInputError(
                f"the format {ending!r} is a pickle, which runs code of its writer when it is read, and this "
                "resource has allow_pickle=False; write tables, text, JSON, Paths, or models as 'skops'"
            )
