"""Triggers, for asset watchers and for deferred sensors."""
