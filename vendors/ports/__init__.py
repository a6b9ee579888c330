"""Canonical records and one Protocol per system: the language of the whole program."""
