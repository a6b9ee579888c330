"""The reference contract, kept by the sandbox and judged from outside."""
