"""What surrounds a run: its code, and what it runs on. Unlike the rest of core, this looks around itself."""
