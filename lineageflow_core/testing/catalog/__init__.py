"""Contract suites of the catalog itself: every sentence of the docstrings of its Protocols, as tests.

They are bound as the suites of the stores are (`lineageflow_core.testing`), over the fixture `catalog`, and
hold for a lake in this process as for one behind a server.
"""
