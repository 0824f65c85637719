"""The database's clock, the only one that leases, attempts and signs of life are measured by."""

import sqlalchemy as sa


def now(connection: sa.Connection) -> sa.ColumnElement[float]:
    """Seconds since 1970 by the database's clock, as an expression of SQL."""
    if connection.dialect.name == "postgresql":
        return sa.cast(sa.extract("epoch", sa.func.clock_timestamp()), sa.Float(53))
    return (sa.func.julianday("now") - 2440587.5) * 86400.0
