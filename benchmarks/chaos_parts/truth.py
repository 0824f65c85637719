"""What a study's trials are in a run that nothing disturbs, worked out without storage and without workers."""

import optuna

from chaos_parts.check import Undisturbed
from chaos_parts.plain import scales_of
from vsearch.search.first import first_curves
from vsearch.search.sampler import CurveSampler
from vsearch.search.space import family_space
from vsearch.spec.seeds import derive_seed
from vsearch.spec.study import StudySpec


def undisturbed(spec: StudySpec) -> dict[int, Undisturbed]:
    """The scales and seeds of each trial by its number, for one family, the random sampler and no replicates.

    A suggestion then depends on (study's seed, trial's number) alone, and every curve is met for the first time.
    """
    assert spec.sampler == "random"
    assert spec.replicates == 1
    seeds = (derive_seed("training", spec.seed, 0),)
    found = {}
    for number, (_, _, curve) in enumerate(first_curves(spec)):
        found[number] = Undisturbed(tuple(round(scale, 6) for scale in curve.scales(spec.num_blocks)), seeds)
    study = optuna.create_study(sampler=CurveSampler(spec))
    for _ in found:
        study.add_trial(optuna.trial.create_trial(value=0.0))
    space = family_space(spec, spec.families[0])
    for number in range(len(found), spec.trials):
        trial = study.ask(space)
        assert trial.number == number
        found[number] = Undisturbed(scales_of(spec, trial.params), seeds)
    return found
