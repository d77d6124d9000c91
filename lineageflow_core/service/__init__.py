"""Semantics of a lake, written once over the ports: commits, merges, transactions, lineage, rollback."""
