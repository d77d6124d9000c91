"""The storage ports on SQL, written once with SQLAlchemy Core: no ORM, no classes that twin the model.

What differs from database to database is in `dialect.py` (how to ask) and `sqlite.py` (how to open).
"""
