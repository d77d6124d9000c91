"""The read API of Marquez, for clients that speak it: another form of what the catalog answers.

Nothing here knows more than the operations of the catalog do. Paths, parameters and fields are those of
Marquez's public HTTP interface (https://marquezproject.github.io/marquez/openapi.html), version 0.50; what is
different is told in docs/marquez.md.
"""
