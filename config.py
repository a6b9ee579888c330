"""Settings: the only reader of files and environment. A bad value stops the start and names its key.

Keys stand in `config.yaml` of the working directory, or in the file that PLAYER_GRAPH_CONFIG names; an environment
variable with the prefix PLAYER_GRAPH_, such as PLAYER_GRAPH_VENDORS_BASE, wins over the file. Lists in variables are
separated by commas: PLAYER_GRAPH_CORS_ORIGINS=https://desk.example,https://crm.example. A secret stands in neither: it
is a reference, `env:NAME` or `file:/path`. An example with every key: docs/config.example.yaml.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated, Any, Literal

import yaml
from pydantic import BeforeValidator, Field, StringConstraints, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings import PydanticBaseSettingsSource as Source
from pydantic_settings import YamlConfigSettingsSource as YamlFile

from cache.shared_access import SharedAccess
from vendors.connection import Connection, SystemName
from vendors.sandbox.facts import BRANDS, MARKETS

PREFIX = "PLAYER_GRAPH_"
CONFIG = f"{PREFIX}CONFIG"
Origin = Annotated[str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+$")]


class BadSettings(Exception):
    """`lines` says one key a line, and never a value: it may be a secret."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def _listed(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _several(value: object) -> object:
    return (value,) if isinstance(value, Mapping) else value


Accounts = Annotated[tuple[Connection, ...], BeforeValidator(_several)]  # one may stand without the list around it
Origins = Annotated[tuple[Origin, ...], NoDecode, BeforeValidator(_listed)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
Algorithms = Annotated[tuple[Literal["RS256", "PS256", "ES256", "EdDSA"], ...], NoDecode, BeforeValidator(_listed)]


class Settings(BaseSettings):
    """What an installation may decide; every default is the sandbox's."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    vendors_base: str = Field(default="http://127.0.0.1:9100", pattern=r"^https?://[^/]+:\d+$")
    vendors: Mapping[SystemName, Accounts] = Field(default={}, description="Who stands behind each system.")
    brands: Names = Field(default=BRANDS, min_length=1, description="The operator's brands.")
    markets: Mapping[str, str] = Field(
        default={country: market for market, (country, _) in MARKETS.items()},
        description="ISO 3166-1 alpha-2 country to market, for a PAM that names none.",
    )
    vendor_timeout_seconds: float = Field(default=2.0, gt=0, le=60)
    deadline_seconds: float = Field(default=10.0, gt=0, le=120, description="For an operation, vendors included.")
    executor: Literal["compiled", "reference"] = Field(default="compiled", description="reference: graphql-core.")
    vendor_wire: Literal["aiohttp", "httpx"] = "aiohttp"
    read_timeout_seconds: float = Field(default=10.0, gt=0, le=120, description="For the body of a request.")
    drain_seconds: float = Field(default=20.0, ge=0, le=600, description="For what is in flight at SIGTERM.")
    cors_origins: Origins = ()
    frame_ancestors: Origins = ()
    oidc_issuer: str | None = Field(default=None, pattern=r"^(https://|http://(127\.0\.0\.1|localhost)[:/])\S+$")
    oidc_audience: str | None = Field(default=None, min_length=1, description="The gateway's own name at the provider.")
    oidc_algorithms: Algorithms = ("RS256", "ES256", "EdDSA")
    oidc_token_types: Names = Field(default=("at+jwt",), description="The header's typ.")
    oidc_leeway_seconds: float = Field(default=30.0, ge=0, le=300)
    oidc_roles_claim: str = "roles"
    oidc_scope_claim: str = "scope"
    oidc_brands_claim: str = "brands"
    oidc_markets_claim: str = "markets"
    oidc_player_claim: str = "player"
    embed_key: str | None = Field(default=None, description="Signs /embed/token beside oidc_issuer; env: or file:.")
    embed_seconds: int = Field(default=600, ge=30, le=3600, description="How long an embed token lives.")
    cache_entries: int = Field(default=50_000, ge=0, le=10_000_000, description="Records kept in memory; 0: none.")
    redis: SharedAccess | None = Field(default=None, description="The server that processes share records by.")
    database: str | None = Field(default=None, description="PostgreSQL instead of files; env:NAME or file:/path.")
    log_format: Literal["json", "text"] = Field(default="text", description="A line of JSON each, or for reading.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    otlp_endpoint: str | None = Field(default=None, pattern=r"^https?://\S+$")
    trace_sample_ratio: float = Field(default=0.1, ge=0, le=1)
    policy: Path | None = Field(
        default=None, description="A policy instead of auth/policy.yaml; read anew as it changes."
    )
    aml_words: Path | None = Field(default=None, description="A table instead of resolvers/aml_words.yaml.")
    var: Path = Path("var")

    @model_validator(mode="after")
    def _whole(self) -> Settings:
        if self.oidc_issuer and not self.oidc_audience:
            raise ValueError("oidc_audience is needed beside oidc_issuer")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: Source,
        env_settings: Source,
        dotenv_settings: Source,
        file_secret_settings: Source,
    ) -> tuple[Source, ...]:
        """The command line wins over the environment, and that over the file."""
        return init_settings, env_settings, YamlFile(settings_cls, _file())

    def vendor_url(self, position: int) -> str:
        """The sandbox's systems stand side by side: PAM, cashier, KYC, bonus, aggregator, CRM, ticketing."""
        base, _, port = self.vendors_base.rpartition(":")
        return f"{base}:{int(port) + position}"


def load(**chosen: Any) -> Settings:
    """The settings; what the command line `chosen` wins over the environment. Raises BadSettings."""
    if not _file().is_file() and CONFIG in os.environ:
        raise BadSettings([f"{CONFIG}: there is no such file"])
    unknown = [name for name in os.environ if name.startswith(PREFIX) and not _is_key(name)]
    if unknown:
        raise BadSettings([f"{name}: there is no such key" for name in sorted(unknown)])
    try:
        return Settings(**{key: value for key, value in chosen.items() if value is not None})
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in error.errors(include_input=False)]
        raise BadSettings(lines) from None
    except (yaml.YAMLError, OSError) as error:
        place = getattr(error, "problem_mark", None)
        raise BadSettings([f"{_file()}: cannot be read" + (f", line {place.line + 1}" if place else "")]) from None


def _file() -> Path:
    return Path(os.environ.get(CONFIG, "config.yaml"))


def secret(reference: str) -> str:
    """What `env:NAME` or `file:/path` refers to, without the line's end. Raises ValueError, which names no value."""
    kind, _, where = reference.partition(":")
    if kind == "env" and where:
        if not (value := os.environ.get(where)):
            raise ValueError(f"env:{where} is not set")
        return value
    if kind == "file" and where:
        try:
            return Path(where).read_text().strip()
        except (OSError, UnicodeDecodeError):
            raise ValueError(f"file:{where} cannot be read") from None
    raise ValueError("a secret is written as a reference, env:NAME or file:/path")


def _is_key(name: str) -> bool:
    return name == CONFIG or name.removeprefix(PREFIX).lower() in Settings.model_fields


def sandbox_secret(var: Path) -> bytes:
    """The sandbox issuer's signing key, made at the first start and kept in `var`, readable by its owner only."""
    file = var / "sandbox.key"
    if not file.exists():
        var.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=var) as whole:  # readable by its owner only; nobody ever sees half a key
            whole.write(secrets.token_bytes(32))
            whole.flush()
            with contextlib.suppress(FileExistsError):
                os.link(whole.name, file)
    return file.read_bytes()
