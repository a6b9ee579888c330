"""Audits that others publish, run against a gateway on a real socket."""
