"""The pruner of a study, rebuilt from its spec by every worker."""

from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner, SuccessiveHalvingPruner

from vsearch.spec.study import StudySpec


def build_pruner(spec: StudySpec) -> BasePruner:
    """The pruner that the spec names; steps are finished epochs, the first rung is `spec.first_rung`."""
    match spec.pruner:
        case "none":
            return NopPruner()
        case "median":
            return MedianPruner(n_startup_trials=5, n_warmup_steps=spec.first_rung)
        case "hyperband":
            return HyperbandPruner(
                min_resource=spec.first_rung, max_resource=spec.epochs, reduction_factor=spec.rung_factor
            )
        case _:
            return SuccessiveHalvingPruner(min_resource=spec.first_rung, reduction_factor=spec.rung_factor)
