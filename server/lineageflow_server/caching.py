"""How long a browser may keep an answer, as the value of `Cache-Control`. Only ever for who asked."""

FOREVER = "private, max-age=31536000, immutable"
"""The address names the content, so the answer to it never changes."""
ASK_AGAIN = "no-cache"
"""Kept, and used again only if the server says that nothing changed."""
NOT_KEPT = "no-store"
"""What everything is that says nothing else."""
