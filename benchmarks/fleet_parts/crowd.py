"""Many simulated workers at once: forked processes, what their calls took, and what the server saw of them."""

import gc
import json
import os
import signal
import struct
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from fleet_parts.simulated import FELLOWS, PHASES, Calls, Fellow
from vsearch.storage import parse_url

SAMPLE_SECONDS = 0.1
"""Between two looks at the server's connections."""
TICKS = os.sysconf("SC_CLK_TCK")


class Crowd(NamedTuple):
    """What N workers did in a time."""

    seconds: float
    calls: dict[str, list[float]]
    """By phase, the seconds of each call that ended in that time."""
    connections: int
    """The most that one worker had at a time."""
    server_cpu: float
    """Seconds of processor time that the server's backends spent on these workers."""
    worker_cpu: float
    errors: list[str]

    @property
    def trials(self) -> int:
        """Those that ended in that time."""
        return len(self.calls["end"])


def run_crowd(arm: str, url: str, server_url: str, workers: int, warm_up: float, seconds: float) -> Crowd:
    """Let so many workers make trials for `warm_up` + `seconds`, and measure the latter."""
    fellow = FELLOWS[arm](url)
    gc.collect()
    gc.freeze()  # the collector would touch, and so copy, what the processes share
    gate = os.pipe()
    children = [_forked(fellow, number, gate, seconds) for number in range(workers)]
    gc.unfreeze()
    watcher = _Watcher(server_url, str(sa.make_url(url).database))
    start = time.monotonic() + warm_up
    end = start + seconds
    os.write(gate[1], struct.pack("d", start) * workers)
    while time.monotonic() < start:
        watcher.look()
    before = watcher.cpu()
    while time.monotonic() < end:
        watcher.look()
    server_cpu = watcher.cpu() - before
    results = [child.result() for child in children]
    os.close(gate[0])
    os.close(gate[1])
    calls = {phase: [value for r in results for value in r.get("seconds", {}).get(phase, [])] for phase in PHASES}
    errors = [error for result in results for error in result["errors"]]
    worker_cpu = sum(result.get("cpu", 0.0) for result in results)
    return Crowd(seconds, calls, watcher.most, server_cpu, worker_cpu, errors)


class _Child(NamedTuple):
    pid: int
    reader: int

    def result(self) -> dict[str, Any]:
        """What the worker found, once it has ended."""
        with os.fdopen(self.reader) as pipe:
            text = pipe.read()
        os.waitpid(self.pid, 0)
        found: dict[str, Any] = json.loads(text or '{"errors": ["a worker died"]}')
        return found


def _forked(fellow: Fellow, number: int, gate: tuple[int, int], seconds: float) -> _Child:
    """Start one worker, which waits at the gate until it is told when the measured time begins."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return _Child(pid, reader)
    try:  # nothing of the first process may go on after this
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.close(reader)
        os.close(gate[1])  # if the first process dies, the gate ends
        (start,) = struct.unpack("d", os.read(gate[0], 8))
        result = _work(fellow, number, Calls(start, start + seconds))
        with os.fdopen(writer, "w") as pipe:
            json.dump(result, pipe)
    except BaseException:
        traceback.print_exc(file=sys.stderr)
    finally:
        os._exit(0)


def _work(fellow: Fellow, number: int, calls: Calls) -> dict[str, Any]:
    fellow.begin(number)
    sa.event.listen(fellow.engine(), "connect", lambda connection, _: _name(connection, f"fleet-{number}"))
    errors: list[str] = []
    cpu = 0.0
    while True:
        if not cpu and time.monotonic() > calls.start:
            cpu = time.process_time()
        try:
            fellow.trial(calls)
        except TimeoutError:
            break
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}".splitlines()[0])
            if len(errors) > 10:
                break
    spent = time.process_time() - cpu if cpu else 0.0
    fellow.engine().dispose()
    return {"seconds": calls.seconds, "errors": errors, "cpu": spent}


def _name(connection: Any, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('application_name', %s, false)", (name,))
    connection.commit()


class _Watcher:
    """Counts the connections of each worker, and the processor time of the server behind them."""

    def __init__(self, server_url: str, database: str) -> None:
        self._engine = sa.create_engine(parse_url(server_url), isolation_level="AUTOCOMMIT")
        self._database = database
        self._query = sa.text(
            "SELECT application_name, array_agg(pid) FROM pg_stat_activity "
            "WHERE datname = :database AND application_name LIKE 'fleet-%' GROUP BY 1"
        )
        self.most = 0
        self._cpu: dict[int, float] = {}

    def look(self) -> None:
        """Take one sample."""
        with _every(SAMPLE_SECONDS), self._engine.connect() as connection:
            for _, pids in connection.execute(self._query, {"database": self._database}):
                self.most = max(self.most, len(pids))
                self._cpu |= {pid: _cpu_seconds(pid) for pid in pids}

    def cpu(self) -> float:
        """Seconds that the backends seen so far had spent when they were seen last; 0 where /proc does not tell."""
        return sum(self._cpu.values())


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


@contextmanager
def _every(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    time.sleep(max(0.0, began + seconds - time.monotonic()))
