"""Contract suites for anyone who writes a store: what the ports promise, as tests.

A suite is a class of pytest tests over fixtures that its docstring names. Bind it by subclassing it where
those fixtures are defined:

```python
@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    stores = open_my_stores(tmp_path)
    yield stores
    stores.close()

class TestRefs(RefStoreContract):
    pass
```

They need pytest and hypothesis, which LineageFlow itself does not.
"""
