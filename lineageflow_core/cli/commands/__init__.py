"""The commands, a module for each noun or group of verbs. `app` says which there are."""
