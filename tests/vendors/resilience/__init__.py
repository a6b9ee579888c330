"""The parts that stand between a call and the wire, one at a time, on a clock of the test."""
