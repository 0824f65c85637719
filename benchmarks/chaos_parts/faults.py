"""What goes wrong, and when: a plan drawn from a seed, spread over a run by its progress."""

import random
from collections import Counter
from dataclasses import dataclass, replace
from typing import NamedTuple

WORKER_FAULTS = ("kill", "term", "usr1", "stop")
SERVER_FAULTS = ("server stop", "server crash", "server kill", "outage")


class Fault(NamedTuple):
    """One fault; `at` counts the ended trials after which it happens."""

    at: int
    kind: str
    seconds: float = 0.0
    """How long a worker stands still or the server stays away."""
    meanwhile: tuple[str, ...] = ()
    """Faults of workers while the server is away."""


@dataclass(frozen=True)
class Form:
    """How large a chaos test is, and how many faults of each kind it has."""

    trials: int
    epochs: int
    workers: int
    kills: int = 0
    terms: int = 0
    usr1s: int = 0
    stops: int = 0
    server_stops: int = 0
    server_crashes: int = 0
    server_kills: int = 0
    outages: int = 0
    epoch_seconds: float | None = 0.08
    """None: real trainings."""
    checkpoints: str = "database"
    """Where they go; `folder` is one of the run's own."""
    lease_seconds: float = 4.0
    storage_timeout: float = 3.0
    spares_claims: bool = False
    """Strike only workers that train."""
    zones: int = 6
    """Of how many time zones each worker has one, and its connections another."""
    minutes: float = 15.0
    """After which the run is given up."""
    seed: int = 1

    def without_server_faults(self) -> "Form":
        """The same for a database without a server."""
        return replace(self, server_stops=0, server_crashes=0, server_kills=0, outages=0)

    def counts(self) -> Counter[str]:
        """The number of faults of each kind."""
        numbers = (self.kills, self.terms, self.usr1s, self.stops)
        servers = (self.server_stops, self.server_crashes, self.server_kills, self.outages)
        return Counter(dict(zip(WORKER_FAULTS + SERVER_FAULTS, numbers + servers, strict=True)))


def plan(form: Form) -> list[Fault]:
    """The faults of a run in order. Half of the server's faults have a worker killed in them, the outage a SIGTERM."""
    rng = random.Random(form.seed)
    counts = form.counts()
    servers = [kind for kind in SERVER_FAULTS for _ in range(counts[kind])]
    rng.shuffle(servers)
    meanwhile: list[tuple[str, ...]] = []
    for number, kind in enumerate(servers):
        wanted = "term" if kind == "outage" else "kill"
        is_given = counts[wanted] > 0 and (kind == "outage" or number % 2 == 0)
        counts[wanted] -= is_given
        meanwhile.append((wanted,) if is_given else ())
    others = [kind for kind in WORKER_FAULTS for _ in range(counts[kind])]
    faults = [Fault(0, kind, form.lease_seconds + rng.uniform(1, 2) if kind == "stop" else 0) for kind in others]
    for kind, inner in zip(servers, meanwhile, strict=True):
        seconds = form.lease_seconds + rng.uniform(2, 4) if kind == "outage" else rng.uniform(0.2, 2)
        faults.append(Fault(0, kind, seconds, inner))
    rng.shuffle(faults)
    # None at the very end: a fault that finds no worker proves nothing.
    last = int(0.9 * form.trials)
    moments = sorted(rng.uniform(0, last) for _ in faults)
    return [fault._replace(at=int(moment)) for fault, moment in zip(faults, moments, strict=True)]
