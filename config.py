"""Settings: the only reader of the environment. A bad value stops the start and names its key.

Keys are environment variables with the prefix PLAYER_GRAPH_, such as PLAYER_GRAPH_VENDORS_BASE.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an installation may decide; every default is the sandbox's."""

    model_config = SettingsConfigDict(env_prefix="PLAYER_GRAPH_", extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    vendors_base: str = Field(default="http://127.0.0.1:9100", pattern=r"^https?://[^/]+:\d+$")
    vendor_timeout_seconds: float = Field(default=2.0, gt=0, le=60)
    var: Path = Path("var")

    def vendor_url(self, position: int) -> str:
        """The sandbox's systems stand side by side: PAM, cashier, KYC, bonus, aggregator, CRM, ticketing."""
        base, _, port = self.vendors_base.rpartition(":")
        return f"{base}:{int(port) + position}"


def sandbox_secret(var: Path) -> bytes:
    """The sandbox issuer's signing key, made at the first start and kept in `var`, readable by its owner only."""
    file = var / "sandbox.key"
    if not file.exists():
        var.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_bytes(secrets.token_bytes(32))
    return file.read_bytes()
