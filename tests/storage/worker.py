"""A process that does what it is told on standard input: one JSON line in, one out. See `Workers` in conftest.py."""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import optuna

from vsearch.storage import open_storage

optuna.logging.set_verbosity(optuna.logging.WARNING)


def names(url: str) -> list[str]:
    """Open a database, which may be empty, and list its studies."""
    storage = open_storage(url)
    try:
        return storage.study_names()
    finally:
        storage.close()


def trials(url: str, study_name: str, number: int, reports: int) -> list[tuple[int, int | None]]:
    """Do `number` trials; the number and the ticket (an attribute of enqueued trials) of each."""
    storage = open_storage(url)
    study = optuna.load_study(study_name=study_name, storage=storage, sampler=optuna.samplers.RandomSampler())
    done = []
    for _ in range(number):
        trial = study.ask()
        x = trial.suggest_float("x", 0, 1)
        for step in range(reports):
            trial.report(x, step)
        study.tell(trial, x)
        done.append((trial.number, trial.user_attrs.get("ticket")))
    storage.close()
    return done


def budget(url: str, study_name: str, total: int) -> int:
    """Create trials for as long as the study has fewer than `total`; how many were created."""
    storage = open_storage(url)
    study = optuna.load_study(study_name=study_name, storage=storage, sampler=optuna.samplers.RandomSampler())
    created = 0
    while True:
        with storage.exclusive(study._study_id):
            if sum(storage.tally(study._study_id)) >= total:
                break
            time.sleep(0.002)  # long enough for another process to count the same
            study.ask()
            created += 1
    storage.close()
    return created


def main() -> None:
    """Obey until standard input ends."""
    work: dict[str, Callable[..., Any]] = {"names": names, "trials": trials, "budget": budget}
    for line in sys.stdin:
        order = json.loads(line)
        time.sleep(max(0.0, order["at"] - time.time()))
        answer: dict[str, Any]
        try:
            answer = {"result": work[order["do"]](*order["arguments"])}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
