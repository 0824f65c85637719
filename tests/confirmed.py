"""A home folder with a search and its confirmation, trained for real: ResNet-8 on digits, three curves, three seeds."""

from pathlib import Path

from filelock import FileLock

from tests.cli.conftest import Cli, Result
from vsearch.curves import BASELINE, Levels, Triangle
from vsearch.search.stored import create_study
from vsearch.settings import resolve
from vsearch.spec.planned import PlannedCurve
from vsearch.spec.recipe import recipe
from vsearch.spec.study import StudySpec
from vsearch.storage import open_storage

SEARCH = "triangle-digits"
CONFIRMATION = "triangle-digits-confirmed"
CANDIDATE = Triangle(peak=1.3, floor=0.8)
SEEDS = 3


def confirmed_home(base: Path) -> Path:
    """The home below `base`: made once, however many processes ask for it."""
    home = base / "confirmed-home"
    with FileLock(f"{home}.lock"):
        if not (home / "done").exists():
            home.mkdir()
            _create(home)
            done: Result = Cli(home).process("worker", "--slots", "1", "--threads", "1", "--device", "cpu")
            assert done.code == 0, done.err
            (home / "done").touch()
    return home


def _create(home: Path) -> None:
    search = StudySpec(
        families=("triangle",),
        name=SEARCH,
        dataset="digits",
        depth=8,
        epochs=1,
        trials=2,
        pruner="none",
        train_images=256,
        recipe=recipe("short").override(batch_size=64),
    )
    plan = (
        PlannedCurve("baseline", "baseline", BASELINE),
        PlannedCurve("candidate", "trial 1", CANDIDATE),
        PlannedCurve("control", "reversed", Levels((0.8, 1.3, 1.2))),
    )
    storage = open_storage(resolve({"home": str(home)}, {}).storage.value)
    create_study(storage, search)
    create_study(
        storage,
        search.with_changes(
            name=CONFIRMATION,
            purpose="confirmation",
            parent=SEARCH,
            evaluated_on="test",
            planned=plan,
            trials=SEEDS * len(plan),
            train_images=None,
        ),
    )
    storage.close()
