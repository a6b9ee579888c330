"""Game aggregator products."""
