"""A lake on a server: the catalog's Protocols over HTTP, made from the table of routes."""
