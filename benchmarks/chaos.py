"""Workers killed, stopped and preempted, and a database that goes away: is every trial as if nothing had happened?

    python benchmarks/chaos.py                          # 3 seeds of 500 trials, 200 kill -9, 20 restarts of PostgreSQL
    python benchmarks/chaos.py --form ci                # what the tests run: 200 trials, 60 kill -9, 8 restarts
    python benchmarks/chaos.py --contrast               # the same faults on workers of plain Optuna: it must fail
    python benchmarks/chaos.py --contrast --zones 1     # likewise, but all of its workers in one time zone
    python benchmarks/chaos.py --soak 120               # one run after another, with other seeds, for two hours

Claim: no violation in any run of vsearch (RESULTS.md).

Trials are scripted: an epoch takes 80 ms, and its accuracy is known beforehand and depends on every epoch before it.
Workers are real processes with a real storage; every report that the database acknowledged goes into a ledger on the
disk. At the end everything that the database holds is compared with the ledger and with what an undisturbed run gives
(`chaos_parts/check.py`). `--form real` trains small networks instead and compares them bit for bit.
"""

import argparse
import os
import platform
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import optuna
from chaos_parts.check import by_check, violations
from chaos_parts.drive import Chaos, Outcome, fresh_database, scripted_spec, summary
from chaos_parts.faults import Form
from chaos_parts.forms import FORMS, run_real
from chaos_parts.server import OwnServer

SHOWN = 20
"""Violations that are printed of each run."""


def run(form: Form, name: str, server: OwnServer | None, folder: Path, arguments: argparse.Namespace) -> Outcome:
    """One run in a database of its own."""
    say = print if arguments.verbose else lambda _: None
    if server is None:
        url = f"sqlite:///{folder / 'vsearch.db'}"
        return Chaos(form.without_server_faults(), scripted_spec(form), url, folder, say=say).run()
    if arguments.form == "real":
        return run_real(form, fresh_database(server, name), folder, server, say=say)
    spec, url = scripted_spec(form), fresh_database(server, name)
    return Chaos(form, spec, url, folder, server=server, is_plain=arguments.contrast, say=say).run()


def seeds(arguments: argparse.Namespace) -> Iterator[int]:
    """The seeds of the runs; with `--soak` new ones until the time is over."""
    end = time.monotonic() + 60 * (arguments.soak or 0)
    if arguments.soak is None:
        yield from arguments.seeds
        return
    seed = arguments.seeds[0]
    while time.monotonic() < end:
        yield seed
        seed += 1


def show(form: Form, outcome: Outcome) -> list[str]:
    """Print what came of a run; gives its violations."""
    wrong = violations(outcome.evidence)
    print(f"{summary(form, outcome)}: **{len(wrong)} violations**\n")
    for check, number in by_check(outcome.evidence).items():
        if number:
            print(f"- {number} by the check of {check}")
    if wrong:
        print("\n```\n" + "\n".join(wrong[:SHOWN]))
        print(f"… and {len(wrong) - SHOWN} more\n```\n" if len(wrong) > SHOWN else "```\n")
    sys.stdout.flush()
    return wrong


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--form", choices=sorted(FORMS), default="long")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="run after run until the time is over")
    parser.add_argument("--contrast", action="store_true", help="plain Optuna instead of vsearch")
    parser.add_argument("--zones", type=int, default=6, help="time zones that workers may be in, 1 to 6")
    parser.add_argument("--workers", type=int, help="instead of the form's own number")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep ledgers and logs there")
    parser.add_argument("--verbose", action="store_true", help="print each fault as it happens")
    return parser.parse_args()


def main() -> None:
    """Run, print, and end with 1 if there was a violation (with `--contrast`: if there was none)."""
    arguments = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    kind = "plain Optuna" if arguments.contrast else "vsearch"
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    what = f"chaos of {kind}, form {arguments.form}"
    print(f"{datetime.now(UTC):%Y-%m-%d}: {what}; {machine}, optuna {optuna.__version__}\n")
    wrong = 0
    for seed in seeds(arguments):
        form = replace(FORMS[arguments.form], seed=seed)
        form = replace(form, workers=arguments.workers or form.workers, zones=arguments.zones)
        folder = Path(tempfile.mkdtemp(prefix="vsearch chaos ", dir=arguments.keep))
        try:
            if arguments.form == "sqlite":
                wrong += len(show(form, run(form, "", None, folder, arguments)))
            else:
                with closing(OwnServer()) as server:
                    wrong += len(show(form, run(form, f"chaos_{seed}", server, folder, arguments)))
        finally:
            if arguments.keep is None:
                shutil.rmtree(folder, ignore_errors=True)
    sys.exit(int(bool(wrong) != arguments.contrast))


if __name__ == "__main__":
    main()
