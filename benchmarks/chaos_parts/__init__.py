"""The chaos test in parts: worker processes, faults, an independent ledger, and the checks at the end."""
