"""One worker process for each device of this host, started, watched and ended together."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from vsearch.errors import DeviceError
from vsearch.settings import Settings, inherited_environment
from vsearch.worker.fleet import RESTARTS
from vsearch.worker.interrupts import Interrupts, Stopped

log = logging.getLogger("vsearch.worker")

ALL = "all"
"""The name that stands for every GPU of the host."""
POLL_SECONDS = 0.5


def all_gpus() -> list[str]:
    """The names of this host's GPUs: `cuda:0`, `cuda:1` …

    Raises:
        DeviceError: torch finds none.
    """
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if count == 0:
        raise DeviceError(f"device is all, but torch {torch.__version__} finds no GPU here; use cpu or auto")
    return [f"cuda:{number}" for number in range(count)]


@dataclass
class DeviceWorkers:
    """Workers that share their arguments and their output, each on a device of its own.

    Args:
        arguments: of `vsearch worker`, without the device.
    """

    devices: Sequence[str]
    arguments: Sequence[str]
    settings: Settings
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _starts: dict[str, int] = field(default_factory=dict)

    def serve(self, interrupts: Interrupts) -> int:
        """Run until all have ended; gives the exit code: of the signal, or of the first worker that failed."""
        try:
            for device in self.devices:
                self._start(device)
            while self._processes and interrupts.may_go_on():
                failed = self._look()
                if failed is not None:
                    return failed
                try:
                    interrupts.sleep(POLL_SECONDS)
                except Stopped:
                    break
        finally:
            self._end(interrupts.received or signal.SIGTERM)
        return interrupts.exit_code

    def _look(self) -> int | None:
        """Start workers again that were killed; the exit code of one that failed, None if none did."""
        for device, process in list(self._processes.items()):
            code = process.poll()
            if code is None:
                continue
            del self._processes[device]
            if code < 0 and self._starts[device] <= RESTARTS:
                log.warning("the worker on %s was killed by signal %d; starting it again", device, -code)
                self._start(device)
            elif code != 0:
                log.error("the worker on %s ended with code %d; ending the others", device, code)
                return abs(code)
        return None

    def _start(self, device: str) -> None:
        self._starts[device] = self._starts.get(device, 0) + 1
        # The storage's URL never goes on a command line.
        environment = inherited_environment() | self.settings.environment() | {"VSEARCH_DEVICE": device}
        self._processes[device] = subprocess.Popen(
            [sys.executable, "-m", "vsearch", "worker", *self.arguments, "--parent", str(os.getpid())],
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C reaches them through us, once
        )

    def _end(self, number: int) -> None:
        """Pass the signal on and wait: each worker puts its trial back, however long its checkpoint takes."""
        for process in self._processes.values():
            process.send_signal(number)
        for process in self._processes.values():
            process.wait()
        self._processes.clear()
