"""Which sampler and pruner finds the best curve? Simulated searches with vsearch's own sampler and pruners.

    python benchmarks/pruners.py                 # ten minutes on 2 cores, 40 repetitions
    python benchmarks/pruners.py --repetitions 200 --searches tpe/asha-2-2 tpe/none

Claim: TPE with `asha` is 0.1 points better than random search; rungs from epoch 2 and 4 are equal (RESULTS.md).

A search is four levels of a spline whose accuracy after the last epoch is known: a quadratic bowl around a random
optimum. Early epochs mislead: something else is mixed in until the rank correlation of the first epoch with the last
is the one asked for, and it fades linearly. That something is either another smooth function of the knobs (`curve`:
short runs favour the wrong curves, and the sampler can learn the wrong thing) or differs from trial to trial (`trial`).
Scores carry seed noise and the binomial noise of the validation set. The budget is counted in epochs. Regret is the
true accuracy of the optimum less that of the finished trial with the best score, in points; the worlds are the same
for every search, so that differences are paired.
"""

import argparse
import math
import os
import platform
import sys
import time
import warnings
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import UTC, datetime
from itertools import product
from multiprocessing import get_context
from statistics import fmean, stdev
from typing import NamedTuple

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.trial import TrialState

from vsearch.search.pruner import build_pruner
from vsearch.search.sampler import CurveSampler
from vsearch.search.space import whole_space
from vsearch.spec.study import StudySpec

TOP = 92.0
"""Accuracy in percent of the mean random curve after the last epoch."""
VALIDATION_IMAGES = 5000
DEFAULT = "tpe/asha-2-2"
ASHA = [f"asha-{first_rung}-{factor}" for first_rung in (1, 2, 4) for factor in (2, 3)]
# Without gp, which takes forty times as long.
SEARCHES = [f"tpe/{pruner}" for pruner in ("none", "median", "hyperband", *ASHA)]
SEARCHES += [f"{sampler}/{pruner}" for sampler in ("random", "qmc") for pruner in ("none", "asha-2-2")]


class Setting(NamedTuple):
    """What is simulated beside the search itself."""

    epochs: int
    correlation: float
    """Spearman's, of the first epoch with the last, over random curves."""
    misled_by: str
    """`curve` or `trial`."""
    trials: int
    """The budget in full trials."""
    noise: float
    """Points of standard deviation from seed to seed after the last epoch."""
    spread: float
    """Points of standard deviation between the final accuracies of random curves."""


class Result(NamedTuple):
    """One search."""

    search: str
    setting: Setting
    repetition: int
    regret: float
    """Points."""
    begun: int
    finished: int


class World:
    """The accuracy of every curve after every epoch, without noise; the same for the same repetition."""

    def __init__(self, setting: Setting, repetition: int, knobs: int = 4) -> None:
        rng = np.random.default_rng([repetition, knobs])
        self._epochs, self._spread = setting.epochs, setting.spread
        self._is_luck = setting.misled_by == "trial"
        self._optimum = rng.uniform(0.15, 0.85, knobs)
        # Knobs act together, and some of their combinations hardly at all: curvatures over a factor of 30.
        rotation = np.linalg.qr(rng.normal(size=(knobs, knobs)))[0]
        self._axes = rotation * 10 ** rng.uniform(-0.75, 0, knobs)
        self._waves = rng.normal(0, 2.0, (32, knobs))
        self._phases = rng.uniform(0, 2 * math.pi, 32)
        sample = rng.uniform(0, 1, (1024, knobs))
        final = self._bowl(sample)
        misleading = rng.normal(size=len(sample)) if self._is_luck else self._ripple(sample)
        self._final_mean, self._final_sd = final.mean(), final.std()
        final = (final - self._final_mean) / self._final_sd
        self._leak = float(np.mean(final * (misleading - misleading.mean())))
        misleading = misleading - self._leak * final
        self._ripple_mean, self._ripple_sd = misleading.mean(), misleading.std()
        misleading = (misleading - self._ripple_mean) / self._ripple_sd
        shares = np.linspace(0, 1, 41)
        ranks = [_spearman(final, w * final + math.sqrt(1 - w * w) * misleading) for w in shares]
        wanted = np.linspace(setting.correlation, 1, setting.epochs) if setting.epochs > 1 else np.ones(1)
        self._shares = np.interp(wanted, np.maximum.accumulate(ranks), shares)

    @property
    def best(self) -> float:
        """The true accuracy of the optimum, in percent."""
        return self.accuracy(self._optimum, self._epochs)

    def accuracy(self, point: NDArray[np.float64], epoch: int, luck: float = 0.0) -> float:
        """Percent after `epoch` (from 1) at a point of the unit cube; `luck` is the trial's own, standard normal."""
        final = (self._bowl(point[None])[0] - self._final_mean) / self._final_sd
        misleading = luck
        if not self._is_luck:
            misleading = (self._ripple(point[None])[0] - self._leak * final - self._ripple_mean) / self._ripple_sd
        share = self._shares[epoch - 1]
        mixed = share * final + math.sqrt(1 - share * share) * misleading
        left = 1 - epoch / self._epochs
        return float(TOP - 40 * left**2 + self.width(epoch) * self._spread * mixed)

    def width(self, epoch: int) -> float:
        """How many times wider curves, and seeds, lie apart than after the last epoch: 3 at the beginning."""
        return 1 + 2 * (1 - epoch / self._epochs)

    def _bowl(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(-(((points - self._optimum) @ self._axes) ** 2).sum(axis=1))

    def _ripple(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.cos(points @ self._waves.T + self._phases).sum(axis=1))


class Scores:
    """What one trial reports: the world's accuracy with noise, half of the seed's variance lasting the whole trial."""

    def __init__(self, world: World, point: NDArray[np.float64], noise: float, seeds: Sequence[int]) -> None:
        self._world, self._point, self._noise = world, point, noise
        self._rng = np.random.default_rng(list(seeds))
        self._lasting, self._luck = self._rng.normal(), self._rng.normal()

    def after(self, epoch: int) -> float:
        """A fraction in [0, 1], as a trial reports it."""
        seed = (self._lasting + self._rng.normal()) / math.sqrt(2)
        percent = self._world.accuracy(self._point, epoch, self._luck) + self._world.width(epoch) * self._noise * seed
        share = min(max(percent / 100, 0.01), 0.999)
        return float(self._rng.binomial(VALIDATION_IMAGES, share)) / VALIDATION_IMAGES


def spec_of(search: str, setting: Setting, repetition: int) -> StudySpec:
    """The study spec of a search such as `tpe/asha-2-3`: sampler, pruner, first rung, factor."""
    sampler, _, rest = search.partition("/")
    pruner, *rungs = rest.split("-")
    first_rung, factor = map(int, rungs) if rungs else (2, 3 if pruner == "hyperband" else 2)
    return StudySpec(
        families=("spline",),
        epochs=setting.epochs,
        sampler=sampler,
        pruner=pruner,
        first_rung=first_rung,
        rung_factor=factor,
        seed=repetition,
        knobs=(("points", "4"),),
    )


def simulate(search: str, setting: Setting, repetition: int) -> Result:
    """Search until the epochs are spent, as a worker does it: baseline first and never pruned."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    spec, world = spec_of(search, setting, repetition), World(setting, repetition)
    space = whole_space(spec)
    lows, highs = (np.array([getattr(dist, end) for dist in space.values()]) for end in ("low", "high"))
    sampler, pruner = CurveSampler(spec), build_pruner(spec)
    # Hyperband chooses brackets by the study's name.
    study = optuna.create_study(study_name=str(repetition), direction="maximize", sampler=sampler, pruner=pruner)
    study.enqueue_trial(spec.baseline_knobs("spline"))
    points: dict[int, NDArray[np.float64]] = {}
    left = setting.trials * setting.epochs
    while left > 0:
        trial = study.ask(space)
        point = (np.array([trial.params[name] for name in space]) - lows) / (highs - lows)
        points[trial.number] = point
        left -= _train(study, trial, Scores(world, point, setting.noise, [repetition, trial.number]), setting, left)
    finished = study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
    winner = max(finished, key=lambda trial: (trial.value or 0.0, -trial.number))
    regret = world.best - world.accuracy(points[winner.number], setting.epochs)
    return Result(search, setting, repetition, regret, len(points), len(finished))


def _train(study: optuna.Study, trial: optuna.Trial, scores: Scores, setting: Setting, left: int) -> int:
    """Train until the last epoch, the pruner or the budget ends it; the number of epochs spent."""
    for epoch in range(1, min(setting.epochs, left) + 1):
        score = scores.after(epoch)
        trial.report(score, epoch)
        is_hopeless = trial.should_prune()
        if is_hopeless and trial.number > 0 and epoch < setting.epochs:
            study.tell(trial, state=TrialState.PRUNED)
            return epoch
    if left < setting.epochs:
        study.tell(trial, state=TrialState.FAIL)
        return left
    study.tell(trial, score)
    return setting.epochs


def run(arguments: argparse.Namespace) -> list[Result]:
    """Every search in every setting, on all workers; as many whole repetitions as the minutes allow."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    settings = [
        Setting(epochs, correlation, misled_by, arguments.trials, arguments.noise, arguments.spread)
        for epochs, correlation, misled_by in product(arguments.epochs, arguments.correlations, arguments.misled_by)
    ]
    work = [
        (search, setting, repetition)
        for repetition in range(arguments.repetitions)
        for setting, search in product(settings, arguments.searches)
    ]
    end = time.monotonic() + 60 * arguments.minutes
    results: dict[tuple[str, Setting, int], Result] = {}
    with ProcessPoolExecutor(arguments.workers, mp_context=get_context("spawn")) as pool:
        for future in as_completed([pool.submit(simulate, *item) for item in work]):
            result = future.result()
            results[result.search, result.setting, result.repetition] = result
            if len(results) % 200 == 0:
                print(f"{len(results)} of {len(work)} searches", file=sys.stderr, flush=True)
            if time.monotonic() > end:
                pool.shutdown(cancel_futures=True)
                break
    # Whole repetitions only, so that every cell has the same worlds.
    missing = {repetition for search, setting, repetition in work if (search, setting, repetition) not in results}
    return [result for result in results.values() if result.repetition not in missing]


def report(results: list[Result], searches: Iterable[str]) -> None:
    """Print a table: a row per search, a column per setting, and the paired difference to the default."""
    settings = sorted({result.setting for result in results})
    found = {(result.search, result.setting, result.repetition): result for result in results}
    titles = [f"{setting.epochs} epochs, ρ {setting.correlation}" for setting in settings]
    print(f"| search | {' | '.join(titles)} | all less {DEFAULT} | n per cell | trials begun | finished |")
    print("|" + " --- |" * (len(settings) + 5))
    for search in searches:
        own = [result for result in results if result.search == search]
        cells = [_mean_and_error([r.regret for r in own if r.setting == setting]) for setting in settings]
        # One difference per repetition: its settings share a world and are not independent.
        differences: dict[int, list[float]] = {}
        for r in own:
            if (default := found.get((DEFAULT, r.setting, r.repetition))) is not None:
                differences.setdefault(r.repetition, []).append(r.regret - default.regret)
        cells.append(_mean_and_error([fmean(values) for values in differences.values()], sign="+"))
        counts = [len({r.repetition for r in own}), fmean(r.begun for r in own), fmean(r.finished for r in own)]
        print(f"| {search} | {' | '.join(cells)} | {' | '.join(f'{count:.0f}' for count in counts)} |")


def _mean_and_error(values: Sequence[float], sign: str = "") -> str:
    if not values:
        return ""
    error = stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return f"{fmean(values):{sign}.2f} ± {error:.2f}"


def _spearman(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    first_ranks, second_ranks = (values.argsort().argsort() for values in (first, second))
    return float(np.corrcoef(first_ranks, second_ranks)[0, 1])


def main() -> None:
    """Parse the command line, simulate, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=10, help="what is not done by then is left out")
    parser.add_argument("--trials", type=int, default=30, help="the budget in full trials")
    parser.add_argument("--epochs", type=int, nargs="+", default=[16])
    parser.add_argument("--correlations", type=float, nargs="+", default=[0.4, 0.7, 0.9])
    parser.add_argument("--noise", type=float, default=0.25, help="points from seed to seed")
    parser.add_argument("--misled-by", nargs="+", default=["curve", "trial"], choices=["curve", "trial"])
    parser.add_argument("--spread", type=float, default=2.0, help="points from curve to curve")
    parser.add_argument("--searches", nargs="+", default=SEARCHES, metavar="SAMPLER/PRUNER[-RUNG-FACTOR]")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    began = time.perf_counter()
    results = run(arguments)
    print(
        f"Regret in points, mean ± standard error; budget {arguments.trials} full trials, spread of random curves "
        f"{arguments.spread} points, seed noise {arguments.noise} points, {VALIDATION_IMAGES} validation images.\n"
    )
    if not results:
        parser.error(f"no repetition was done after {arguments.minutes} minutes; give more --minutes")
    for misled_by in arguments.misled_by:
        print(f"Early epochs misled by {misled_by}:\n")
        report([result for result in results if result.setting.misled_by == misled_by], arguments.searches)
        print()
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, optuna {optuna.__version__}, "
        f"numpy {np.__version__}, {arguments.workers} processes, {time.perf_counter() - began:.0f} s"
    )


if __name__ == "__main__":
    main()
