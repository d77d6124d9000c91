"""Examples that run: each folder is a project of its own."""
