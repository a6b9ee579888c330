"""What an operation costs over slow vendors: `make bench`. Figures of one run, never asserted in the suite."""
