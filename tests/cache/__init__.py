"""One ask per key: windows."""
