"""Document, admission, plan, run, bytes. Knows graphql-core and a schema handed to it; no player."""

from execution.executor import execute

__all__ = ["execute"]
