"""A clock that stands still until a test moves it on."""

from datetime import UTC, datetime, timedelta


class StandingClock:
    """Tells a lake the time: pass it to `open_embedded`."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 1, 2, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move_on(self, time: timedelta) -> None:
        """Lets time pass."""
        self.now += time
