"""`GivenFile`: a local file that whoever stores it may keep, instead of a copy."""

from pathlib import PosixPath


class GivenFile(PosixPath):
    """The path of a file that its maker gives away: nobody writes to it, or needs it where it is, any more.

    A store on the same file system moves it; any other reads it, as it does a path. Either way it is the
    giver who removes what is left of it.
    """
