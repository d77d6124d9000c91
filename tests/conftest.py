"""What holds for all tests."""

from hypothesis import settings

# A machine that is busy is not a bug: no property fails because an example took long.
settings.register_profile("unhurried", settings(), deadline=None)
settings.load_profile("unhurried")
