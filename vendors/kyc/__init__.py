"""Identity verification products."""
