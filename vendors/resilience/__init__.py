"""What stands between a call and the wire: the order in `stack` is the policy, each part has a room of its own."""
