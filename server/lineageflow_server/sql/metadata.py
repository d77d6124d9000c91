"""What all tables of a lake are declared in. Whoever needs all of them imports it from `tables.py`."""

from sqlalchemy import MetaData

metadata = MetaData()
