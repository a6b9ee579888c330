"""Tests of the room that asks once per key and remembers."""
