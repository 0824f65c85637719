"""The history of vsearch's own tables, run by alembic."""
