"""The server: a lake's operations over HTTP, the page, and the stores on SQL."""
