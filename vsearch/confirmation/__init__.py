"""Claims that stand: which curves to confirm, what is trained for that, and what it shows."""
