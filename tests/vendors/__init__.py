"""Ports, adapters against their simulators, and the client between them."""
