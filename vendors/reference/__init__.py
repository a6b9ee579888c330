"""The reference contract: what a system of the operator's own serves, so that it joins the graph without an adapter."""
