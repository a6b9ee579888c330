"""The answers: pure functions over records."""
