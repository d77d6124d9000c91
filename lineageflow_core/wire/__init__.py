"""How a lake crosses HTTP: one table of routes, one codec, one form for errors.

Used by `remote` and by the server, and by nobody else.
"""
