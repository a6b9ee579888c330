"""How a field is filled and what a mutation does: the same file names as schema/."""
