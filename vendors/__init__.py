"""Everything that speaks to a vendor: ports, one adapter a product, signing, the client, and the sandbox."""
