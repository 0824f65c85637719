"""Keeping freed memory, in a process of its own because it cannot be undone."""

import subprocess
import sys
from pathlib import Path

import pytest

# Sixteen blocks of 8 MB, as a step of ResNet-32 holds many at once, given back and asked for again.
COUNT_FAULTS = """
import resource, sys
from vsearch.training.allocator import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
def step():
    return [bytearray(8_000_000) for _ in range(16)]
for _ in range(3):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(mode: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", COUNT_FAULTS, mode], capture_output=True, text=True, check=True, timeout=60
    )
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is glibc's")
def test_large_blocks_are_reused_without_new_page_faults() -> None:
    assert faults("keep") * 10 < faults("plain")


LARGE_PAGES = """
import re, sys, threading
from vsearch.training.allocator import keep_freed_memory
assert keep_freed_memory()
held = []
thread = threading.Thread(target=lambda: held.append(b"x" * 200_000_000))
thread.start()
thread.join()
print(sum(int(number) for number in re.findall(r"AnonHugePages: *([0-9]+) kB", open("/proc/self/smaps").read())))
"""
ENABLED = Path("/sys/kernel/mm/transparent_hugepage/enabled")


@pytest.mark.skipif(
    not ENABLED.exists() or "[never]" in ENABLED.read_text(), reason="this system has no transparent large pages"
)
def test_large_blocks_lie_in_large_pages_whichever_thread_asks_for_them() -> None:
    done = subprocess.run([sys.executable, "-c", LARGE_PAGES], capture_output=True, text=True, check=True, timeout=60)
    assert int(done.stdout) > 100_000


WITH_A_LIMIT = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (600 * 2**20, 600 * 2**20))
from vsearch.training.allocator import keep_freed_memory
keep_freed_memory()
blocks = [bytearray(8_000_000) for _ in range(16)]
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is glibc's")
def test_a_limit_on_addresses_is_lived_with() -> None:
    subprocess.run([sys.executable, "-c", WITH_A_LIMIT], check=True, timeout=60)
