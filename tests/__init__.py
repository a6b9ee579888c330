"""Mirrors the tree; a test reads as a sentence."""
