"""What the server answers: the table of routes, and the few routes that are no operation on a lake."""
