"""Behaviours of the whole gateway over real sockets, a behaviour a test."""
