"""Player account management products."""
