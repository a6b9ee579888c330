"""What several tests of one vendor are handed."""

from pathlib import Path

import pytest

from tests.vendors.mapped_bench import LITTLE, Written


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """The little mapping with something in place of something, and with more behind it."""

    def write(*instead: tuple[str, str], more: str = "") -> Path:
        text = LITTLE
        for old, new in instead:
            assert old in text
            text = text.replace(old, new)
        (file := tmp_path / "mapping.yaml").write_text(text + more)
        return file

    return write
