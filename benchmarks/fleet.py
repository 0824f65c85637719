"""How many workers one PostgreSQL carries: trials per second and the latency of each call, beside plain Optuna.

    python benchmarks/fleet.py >> benchmarks/RESULTS.md               # 25 minutes; a PostgreSQL of its own
    python benchmarks/fleet.py --claim-cost >> benchmarks/RESULTS.md  # what of a claim grows with the study
    python benchmarks/fleet.py --postgres postgresql://user:password@host/db  # which may make databases

Each simulated worker is a process that makes all calls of a trial without training or sleeping: a claim (`ask`: see
the study again, put back what was lost, budget, lock, suggestion, lease), a report and the pruner's word for each of
up to 16 epochs, and the end with all its attributes. Optuna does the same by itself (ask, report, should_prune, tell,
no attributes) with the same sampler and pruner, in turns with vsearch, on a copy of the same database. Workers and
server share this machine: the times per call say what a fleet that never trains would wait, and `server` says what
one trial costs the server's processors. The server writes through to the disk (fsync on).
"""

import argparse
import os
import platform
import statistics
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import optuna
import sqlalchemy as sa
from chaos_parts.server import OwnServer
from fleet_parts.claim_cost import claim_cost
from fleet_parts.crowd import Crowd, run_crowd
from fleet_parts.filled import Databases
from fleet_parts.simulated import FELLOWS, PHASES

SERVER = {"max_connections": "300", "shared_buffers": "256MB"}


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--stored", type=int, nargs="+", default=[100, 5000], help="ended trials in the study")
    parser.add_argument("--seconds", type=float, default=20.0, help="measured in each run")
    parser.add_argument("--warm-up", type=float, default=5.0, help="seconds before that")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each arm, in turns")
    parser.add_argument("--arms", nargs="+", default=list(FELLOWS), choices=list(FELLOWS))
    parser.add_argument("--claim-cost", action="store_true", help="the parts of one claim, and nothing else")
    parser.add_argument("--postgres", metavar="URL", help="a server to use instead of one of its own")
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    print(f"{datetime.now(UTC):%Y-%m-%d}: {_machine()}\n", flush=True)
    with _server(arguments.postgres) as url, closing(Databases(url)) as databases:
        if arguments.claim_cost:
            claim_cost(databases, sorted(arguments.stored))
        else:
            _fleet(databases, url, arguments)


def _fleet(databases: Databases, server_url: str, arguments: argparse.Namespace) -> None:
    print(
        "Milliseconds: median and 95th percentile of all calls; trials/s: median over the runs (lowest to highest).\n"
    )
    heads = ["workers", "stored", "by", "trials/s", *(f"{phase} {q}" for phase in PHASES for q in ("p50", "p95"))]
    heads += ["connections per worker", "ms of server per trial", "ms of worker per trial", "errors"]
    print(_row(heads) + "\n" + _row(["---"] * len(heads)), flush=True)
    problems: set[str] = set()
    for stored in sorted(arguments.stored):
        for workers in arguments.workers:
            runs: dict[str, list[Crowd]] = {arm: [] for arm in arguments.arms}
            for _ in range(arguments.repeat):
                for arm in arguments.arms:  # in turns, so that a busy machine disturbs both alike
                    url = databases.fresh(stored)
                    runs[arm].append(run_crowd(arm, url, server_url, workers, arguments.warm_up, arguments.seconds))
                    databases.drop(url)
            for arm, crowds in runs.items():
                problems |= {f"{arm}: {error}" for crowd in crowds for error in crowd.errors}
                print(_row([str(workers), str(stored), arm, *_cells(crowds)]), flush=True)
    print("".join(f"\n- {problem}" for problem in sorted(problems)))


def _cells(crowds: list[Crowd]) -> list[str]:
    rates = [crowd.trials / crowd.seconds for crowd in crowds]
    cells = [f"{statistics.median(rates):.2f} ({min(rates):.2f} to {max(rates):.2f})"]
    for phase in PHASES:
        calls = [value for crowd in crowds for value in crowd.calls[phase]]
        cells += [f"{1000 * quantile(calls, share):.1f}" if calls else "" for share in (0.5, 0.95)]
    trials = max(1, sum(crowd.trials for crowd in crowds))
    cells.append(str(max(crowd.connections for crowd in crowds)))
    cells.append(f"{1000 * sum(crowd.server_cpu for crowd in crowds) / trials:.0f}")
    cells.append(f"{1000 * sum(crowd.worker_cpu for crowd in crowds) / trials:.0f}")
    return [*cells, str(sum(len(crowd.errors) for crowd in crowds))]


def quantile(values: list[float], share: float) -> float:
    """The value below which that share of all lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


@contextmanager
def _server(url: str | None) -> Iterator[str]:
    if url is not None:
        yield url
        return
    with closing(OwnServer(writes_through=True, **SERVER)) as server:
        yield server.url


def _machine() -> str:
    versions = f"Python {platform.python_version()}, optuna {optuna.__version__}, SQLAlchemy {sa.__version__}"
    return f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {versions}"


if __name__ == "__main__":
    main()
