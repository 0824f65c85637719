"""`python crowd.py NUMBER URL`: so many processes open a database at once; prints what went wrong in them."""

import os
import sys
import time
import traceback

from vsearch.storage import open_storage


def main() -> None:
    number, url = int(sys.argv[1]), sys.argv[2]
    start = time.monotonic() + 0.2
    children = []
    for _ in range(number):
        pid = os.fork()
        if pid == 0:
            os._exit(open_at(start, url))
        children.append(pid)
    sys.exit(sum(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0 for pid in children))


def open_at(start: float, url: str) -> int:
    time.sleep(max(0.0, start - time.monotonic()))
    try:
        storage = open_storage(url)
        storage.study_names()
        storage.running_leases()
        storage.close()
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    main()
