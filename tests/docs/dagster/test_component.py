"""The page about the component names what there is."""

import re

import pytest
from lineageflow_dagster import LineageFlowComponent

from tests.docs.markdown import ROOT, blocks
from tests.integrations.dagster.test_dg import COMMANDS

pytestmark = pytest.mark.filterwarnings("ignore:`parse_obj_as` is deprecated")  # it is Dagster who calls it

PAGE = "docs/dagster/component.md"


def test_its_commands_are_those_that_are_tested() -> None:
    shown = [line for block in blocks(PAGE) if not block.language for line in block.code.splitlines()]
    assert COMMANDS == shown


def test_its_yaml_is_what_the_component_takes() -> None:
    for block in blocks(PAGE):
        if block.language == "yaml":
            attributes = block.code.partition("attributes:\n")[2]
            assert LineageFlowComponent.resolve_from_yaml(attributes, scope={"env": Anything()})


def test_its_table_has_every_attribute_and_no_other() -> None:
    rows = re.findall(r"^\| (`.*?) \|", (ROOT / PAGE).read_text(encoding="utf-8"), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert LineageFlowComponent.model().model_fields.keys() == named


class Anything:
    """An environment that has everything."""

    def __getattr__(self, name: str) -> str:
        return name
