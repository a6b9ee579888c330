"""The SDL and the role table are what was agreed."""

import os
from pathlib import Path

from auth import policy_file
from schema.answering import permission_table
from schema.graph import schema

HERE = Path(__file__).parent


def agreed(name: str, text: str) -> None:
    """Compares with the golden file, or rewrites it for `make golden`."""
    file = HERE / name
    if os.environ.get("GOLDEN_UPDATE"):
        file.write_text(text)
    assert file.read_text() == text, f"{name} differs: `make golden` if it is meant"


def test_the_published_schema_is_the_agreed_one() -> None:
    agreed("schema.graphql", schema.as_str() + "\n")


def test_the_role_table_is_the_agreed_one() -> None:
    agreed("permissions.txt", "\n".join(permission_table(policy_file.load())) + "\n")
