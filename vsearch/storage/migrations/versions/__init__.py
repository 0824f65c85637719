"""One file for each change of vsearch's own tables."""
