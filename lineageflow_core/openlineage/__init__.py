"""OpenLineage in and out: how our facts become its events, and its events become our facts.

`events` builds events, with openlineage-python's types, which it imports only then. `parse` and `fold` read
events of any producer, need nothing but dictionaries, and are pure.
"""
