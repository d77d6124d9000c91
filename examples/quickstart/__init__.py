"""The smallest Dagster project on a lake."""
