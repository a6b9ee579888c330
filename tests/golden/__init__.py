"""What was agreed and may only change on purpose: rewrite with `make golden`."""
