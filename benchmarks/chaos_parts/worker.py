"""Worker processes that start in a hundredth of a second: `python -m chaos_parts.worker SETTINGS.json`.

It loads everything once, and forks a worker for each line `{"name": …, "home": …, "tz": …, "pgtz": …}` on its standard
input. It answers `{"started": name, "pid": …}`, and `{"ended": name, "code": …}` once that process is gone. Workers
end with it, however it ends.
"""

import ctypes
import json
import logging
import os
import select
import signal
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

import optuna
import psycopg2  # noqa: F401
import sklearn.datasets  # noqa: F401
import torch

from chaos_parts.ledger import Ledger, LedgerStorage
from chaos_parts.plain import serve_plainly
from chaos_parts.scripted import scripted_set_up
from vsearch.errors import VsearchError
from vsearch.reports.pictures import Painter
from vsearch.search.stored import open_study
from vsearch.settings import resolve
from vsearch.worker.interrupts import Interrupts
from vsearch.worker.presence import present
from vsearch.worker.worker import Worker
from vsearch.worker.workplace import set_up

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.05


def serve(order: dict[str, str], settings: dict[str, Any]) -> int:
    """Be a worker of vsearch, as the command `vsearch worker` is one; gives its exit code."""
    own = {name: settings[name] for name in ("storage", "storage-timeout", "lease", "checkpoints")}
    resolved = resolve({**own, "home": order["home"], "device": "cpu"}, {})
    study = settings["study"]
    training = set_up if settings["epoch_seconds"] is None else scripted_set_up(settings["epoch_seconds"])
    path = Path(settings["ledgers"]) / f"{order['name']}.ledger"
    with Interrupts.installed() as interrupts, present(resolved.home_path / "workers") as name:
        storage = LedgerStorage(resolved.storage.value, create=False, retry_seconds=resolved.retry_seconds)
        storage.ledger = Ledger(path, name)
        open_study(storage, study)
        refresh = Painter(name, interrupts.sleep).refresh
        Worker(storage, resolved, name, interrupts, names=[study], refresh=refresh, set_up=training).serve()
        return interrupts.exit_code


def _become_worker(order: dict[str, str], settings: dict[str, Any]) -> int:
    """In the forked process: everything up to the exit code."""
    os.setpgid(0, 0)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    with open(Path(settings["logs"]) / f"{order['name']}.log", "ab") as log, open(os.devnull, "rb") as nothing:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        os.dup2(nothing.fileno(), 0)
    os.environ.update(TZ=order["tz"], PGTZ=order["pgtz"])
    time.tzset()
    kind = serve_plainly if settings["plain"] else serve
    try:
        return kind(order, settings)
    except VsearchError as error:
        print(f"vsearch: {error}", file=sys.stderr)
        return error.exit_code
    except SystemExit as error:
        return int(error.code or 0)
    except BaseException:
        traceback.print_exc()
        return 1


def _fork(order: dict[str, str], settings: dict[str, Any]) -> int:
    threads = len(os.listdir("/proc/self/task"))
    assert threads == 1, f"{threads} threads before a fork"
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = _become_worker(order, settings)
        finally:
            logging.shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return pid


def _say(**values: object) -> None:
    print(json.dumps(values), flush=True)


def _reap(names: dict[int, str]) -> None:
    for pid in list(names):
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            _say(ended=names.pop(pid), code=os.waitstatus_to_exitcode(status))


def main() -> None:
    """Fork workers until standard input ends, and then end those that are left."""
    settings = json.loads(Path(sys.argv[1]).read_text())
    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.simplefilter("ignore")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.Formatter.converter = time.gmtime  # whatever the worker's time zone
    names: dict[int, str] = {}
    unread = b""
    try:
        while True:
            if select.select([0], [], [], POLL_SECONDS)[0]:
                read = os.read(0, 65536)
                if not read:
                    return
                *orders, unread = (unread + read).split(b"\n")
                for order in map(json.loads, orders):
                    pid = _fork(order, settings)
                    names[pid] = order["name"]
                    _say(started=order["name"], pid=pid)
            _reap(names)
    finally:
        for pid in names:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
