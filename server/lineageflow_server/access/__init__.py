"""Who may talk to the server, and what a browser is allowed to do with its answers."""
