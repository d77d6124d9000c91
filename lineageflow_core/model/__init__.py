"""The words of LineageFlow as frozen values: no I/O, no clock, no randomness."""
