"""`python pooled.py URL STUDY CLIENTS`: so many storages in one process, each of which takes one trial to its end.

It prints `ready`, and after a line of input what became of the clients as JSON; after another line, which trials were
given to those who asked for more.
"""

import json
import logging
import sys
import threading
import time
import traceback
import warnings
from collections import Counter

import optuna
from optuna.trial import TrialState

from vsearch.errors import StorageAway
from vsearch.search.budget import is_exhausted
from vsearch.search.claims import Claim, claim_trial, put_back_lost
from vsearch.search.delivery import Delivery
from vsearch.search.stored import StoredStudy, open_study
from vsearch.storage import Storage, open_storage

OPENING = threading.Semaphore(8)
"""SQLAlchemy's set-up of 50 storages at once keeps one process from anything else."""


class Client(threading.Thread):
    """A storage with connections of its own."""

    def __init__(self, url: str, study: str, number: int, everybody: threading.Barrier) -> None:
        super().__init__(daemon=True)
        self._url, self._study, self._number, self._everybody = url, study, number, everybody
        self.storage: Storage | None = None
        self.trial: int | None = None
        self.problem = ""
        self.waits: list[str] = []

    def run(self) -> None:
        """Open the storage, wait for the others, take a trial to its end."""
        try:
            with OPENING:
                self.storage = open_storage(self._url)
                study = open_study(self.storage, self._study)
            self._everybody.wait()
            claim = self._claim(study)
            self._finish(study, claim)
            self.trial = claim.number
        except Exception as error:
            self.problem = "".join(traceback.format_exception(error)[-2:])
            self._everybody.abort()

    def _claim(self, study: StoredStudy) -> Claim:
        """As a worker does it, which bears it when 300 ask at once and it is not its turn for a minute."""
        while True:
            try:
                put_back_lost(study)
                claim = claim_trial(study, f"client-{self._number}")
                if claim is not None:
                    return claim
                assert not is_exhausted(study)
                self.waits.append("no trial is free for the moment")
            except StorageAway as error:
                self.waits.append(str(error))
            time.sleep(0.5)

    def _finish(self, study: StoredStudy, claim: Claim) -> None:
        delivery = Delivery(claim, study.spec.epochs)
        for epoch in range(1, study.spec.epochs + 1):
            delivery.add(epoch, 0.5 + epoch / 100)
            while not delivery.is_done:
                assert delivery.deliver() is None
            claim.lease.renew(epoch)
        study.storage.end_trial(claim.trial_id, TrialState.COMPLETE, 0.5, "finished", "", {"reason": "finished"})


def main() -> None:
    """Run all clients; their connections stay open until the last is done."""
    url, study, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
    logging.basicConfig(level=logging.WARNING)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.simplefilter("ignore")
    everybody = threading.Barrier(number + 1)
    clients = [Client(url, study, index, everybody) for index in range(number)]
    for client in clients:
        client.start()
    while everybody.n_waiting < number and not everybody.broken:
        threading.Event().wait(0.05)
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    everybody.wait()
    for client in clients:
        client.join()
    answer = {
        "trials": [client.trial for client in clients],
        "problems": sorted({client.problem for client in clients} - {""}),
        "waits": Counter(why for client in clients for why in client.waits),
    }
    print(json.dumps(answer), flush=True)  # noqa: T201
    sys.stdin.readline()  # by then every client of every process has ended its trial; their connections are still open
    late = [claim_trial(open_study(client.storage, study), "late") for client in clients[:2] if client.storage]
    print(json.dumps([claim.number for claim in late if claim]), flush=True)  # noqa: T201
    for client in clients:
        if client.storage:
            client.storage.close()


if __name__ == "__main__":
    main()
