"""Reading tables: DuckDB over files that nobody trusts, in a process of its own.

Everything that looks at bytes runs in the worker (`worker.py`), as native readers can be crashed by a file
that is made for it. Whatever the format, the worker first has a table as Parquet and a SELECT over it
(`relation.py`); schema, statistics, comparison and look-up are queries on that. This package knows no
repositories: it is given files.
"""
