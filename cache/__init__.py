"""One ask per key: batching windows and what they remember."""
