"""What the contract tests have in common."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the sandbox's own keys are, made once."""
    return tmp_path_factory.mktemp("keys")
