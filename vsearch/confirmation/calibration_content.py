"""What a calibration shows as plain JSON values, for programs and reports."""

from typing import Any

from vsearch.confirmation.calibration import Agreement, Calibration, Proposal, ShortRun


def calibration_content(found: Calibration) -> dict[str, Any]:
    """The whole of it; None for what is not known."""
    long = found.long
    return {
        "calibration": found.name,
        "search": long.parent,
        "dataset": long.dataset,
        "network": f"{long.network}{long.depth}",
        "train_images": long.train_images,
        "validation_images": long.validation_images,
        "curves": [item.to_dict() for item in long.planned],
        "seeds": long.seeds_per_curve,
        "replicates": found.replicates,
        "wanted": found.wanted,
        "long": {"study": long.name, "epochs": long.epochs, "recipe": long.recipe.name}
        | {"missing_trainings": found.long_missing, "diverged": found.long_diverged},
        "correlation_between_long_seeds": found.between_seeds,
        "short": [_run(run, found.wanted) for run in found.short],
        "proposal": None if found.proposal is None else _proposal(found.proposal),
        "missing_trainings": found.missing,
    }


def _run(run: ShortRun, wanted: float) -> dict[str, Any]:
    return {
        "study": run.spec.name,
        "epochs": run.spec.epochs,
        "recipe": run.spec.recipe.name,
        "safe_epoch": run.safe_epoch(wanted),
        "missing_trainings": run.missing,
        "diverged": run.diverged,
        "agreements": [_agreement(each) for each in run.agreements],
    }


def _agreement(each: Agreement) -> dict[str, Any]:
    return {"epoch": each.epoch, "accuracy": each.accuracy.to_json(), "training_loss": each.loss.to_json()}


def _proposal(proposal: Proposal) -> dict[str, Any]:
    return {
        "epochs": proposal.run.spec.epochs,
        "first_rung": proposal.first_rung,
        "mean_epochs": proposal.mean_epochs,
        "is_sure": proposal.is_sure,
    }
