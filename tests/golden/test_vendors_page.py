"""docs/vendors.md is what the adapters declare, and what they declare is what ports, simulators and adapters are."""

import ast
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from schema.graph import schema
from vendors.declarations import SYSTEMS, Line, lines, page
from vendors.declared import Call, Declared
from vendors.ports.bonus import BonusPort
from vendors.ports.source import System
from vendors.product import Product
from vendors.reference.operations import operations
from vendors.registry import PRODUCTS
from vendors.sandbox.credentials import sandbox
from vendors.sandbox.stage import Operation
from vendors.sandbox.world import World

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "vendors.md"
KNOWN = [(product, f"{system.value}-{name}") for system, known in PRODUCTS.items() for name, product in known.items()]
of_every_product = pytest.mark.parametrize("product", [one for one, _ in KNOWN], ids=[name for _, name in KNOWN])
of_every_line = pytest.mark.parametrize("line", lines(), ids=[f"{one.system.value}-{one.vendor}" for one in lines()])


def methods(system: System) -> set[str]:
    if system is System.BONUS:
        return {name for name in vars(BonusPort) if not name.startswith("_")}
    return {one.name for one in operations(system)}


def served(product: Product, world: World, var: Path) -> set[tuple[str, str, str]]:
    return {told(one) for one in product.stage(world, sandbox(var)).operations}


def told(one: Call | Operation) -> tuple[str, str, str]:
    """Name and address; how a blank of the path is called is nobody's business."""
    return one.name, one.method, re.sub(r"{\w+}", "{}", one.path)


def declared(product: Product) -> Iterator[Declared]:
    yield product.declares
    yield from (side.declares for side in product.sides.values())


def test_the_page_is_what_the_adapters_declare() -> None:
    if os.environ.get("GOLDEN_UPDATE"):
        PAGE.write_text(page())
    assert PAGE.read_text() == page(), "vendors.md differs: `make golden` if it is meant"


def test_every_system_has_a_name_on_the_page() -> None:
    assert set(SYSTEMS) == {line.system for line in lines()} == set(PRODUCTS)


@of_every_line
def test_every_operation_of_the_port_is_declared_and_no_other(line: Line) -> None:
    assert line.declares.ports == methods(line.system)


@of_every_product
def test_what_is_declared_is_served_and_what_is_served_is_declared(
    product: Product, world: World, tmp_path: Path
) -> None:
    named = {told(call) for one in declared(product) for call in one.calls}
    by_name = {name for name, _, path in named if not path}  # where it is at is the mapping file's
    stood = {(name, "", "") if name in by_name else (name, *at) for name, *at in served(product, world, tmp_path)}
    assert named == stood


def test_no_batch_size_is_written_out_again() -> None:
    files = [*ROOT.glob("vendors/*/*_declared.py"), ROOT / "vendors" / "reference" / "declared.py"]
    given = [
        (file.name, ast.unparse(one.value))
        for file in files
        for one in ast.walk(ast.parse(file.read_text()))
        if isinstance(one, ast.keyword) and one.arg == "keys"
    ]
    assert given
    assert [one for one in given if one[1].isdecimal()] == []


@of_every_product
def test_webhooks_are_declared_where_they_are_read(product: Product, tmp_path: Path) -> None:
    reader = product.hooks(product.own(sandbox(tmp_path)))
    assert (product.declares.webhooks is not None) == (reader is not None)


@of_every_line
def test_fields_and_mutations_are_the_graphs(line: Line) -> None:
    fields = [field for one in line.declares.reads for field in (*one.fields, *one.absent)]
    named = {
        word for field in fields for quoted in re.findall("`([^`]+)`", field) for word in re.findall(r"\w+", quoted)
    }
    assert named - set(re.findall(r"\w+", schema.as_str())) == set()
    mutations = schema._schema.mutation_type
    assert mutations is not None
    assert {one.mutation for one in line.declares.writes} - set(mutations.fields) == set()


@of_every_line
def test_no_field_of_the_graph_is_said_twice(line: Line) -> None:
    fields = Counter(field for one in line.declares.reads for field in (*one.fields, *one.absent))
    assert [field for field, times in fields.items() if times > 1] == []


@of_every_line
def test_limits_are_of_operations_that_are_declared(line: Line) -> None:
    assert {name for limit in line.declares.limits for name in limit.operations} <= {
        call.name for call in line.declares.calls
    }
