"""Storage ports and their plain implementations."""
