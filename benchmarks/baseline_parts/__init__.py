"""The baselines in parts: whole schedules side by side, the fast engine against a plain loop, and their tables."""
