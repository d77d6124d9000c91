"""DAGs that show what can be done; the documentation has each of them, and the tests run them."""
