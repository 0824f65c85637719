"""Databases that hold one study with so many ended trials, each copied from one that was filled once."""

import sqlalchemy as sa
from search import REAL_TRIALS, fill

from fleet_parts.simulated import NAME, Calls, VsearchFellow
from vsearch.search.stored import create_study
from vsearch.spec.study import StudySpec
from vsearch.storage import open_storage, parse_url


class Databases:
    """Makes databases on one server, from a template for each number of stored trials."""

    def __init__(self, server_url: str) -> None:
        self._server = sa.create_engine(parse_url(server_url), isolation_level="AUTOCOMMIT")
        self._templates: dict[int, str] = {}
        self._made = 0

    def fresh(self, stored: int) -> str:
        """The URL of a new database whose study has `stored` ended trials."""
        if stored not in self._templates:
            self._templates[stored] = self._template(stored)
        self._made += 1
        return self._create(f"fleet_{self._made}", self._templates[stored])

    def drop(self, url: str) -> None:
        """Drop a database that `fresh` made."""
        with self._server.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {sa.make_url(url).database} WITH (FORCE)"))

    def close(self) -> None:
        """Drop the templates."""
        for name in self._templates.values():
            self.drop(self._url(name))
        self._server.dispose()

    def _template(self, stored: int) -> str:
        smaller = [size for size in self._templates if size < stored]
        name = f"template_{stored}"
        url = self._create(name, self._templates[max(smaller)] if smaller else "template1")
        storage = open_storage(url)
        if not smaller:
            create_study(storage, StudySpec(("triangle",), trials=1_000_000, max_failed=1_000_000, name=NAME))
            make_real_trials(url, min(stored, REAL_TRIALS))
        fill(storage, stored)
        storage.close()
        with sa.create_engine(parse_url(url), isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(sa.text("VACUUM ANALYZE"))  # as autovacuum leaves a study that grew by itself
            connection.invalidate()  # a template must have no connection
        return name

    def _create(self, name: str, template: str) -> str:
        with self._server.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        return self._url(name)

    def _url(self, name: str) -> str:
        return self._server.url.set(database=name).render_as_string(hide_password=False)


def make_real_trials(url: str, number: int) -> None:
    """Let one worker make the first trials of a study."""
    fellow = VsearchFellow(url)
    fellow.begin(0)
    for _ in range(number):
        fellow.trial(Calls(0.0, float("inf")))
    fellow.storage.close()
