"""How honest the short run is, in sentences that say no more than their numbers."""

from vsearch.confirmation.calibration import Calibration, Proposal, ShortRun
from vsearch.statistics import RankCorrelation


def calibration_sentences(found: Calibration) -> list[str]:
    """The proposal, how sure it is, how the search's own rungs do, and what limits all of it."""
    texts = [_answer(found), _own_rungs(found), _limit(found), _diverged(found), _progress(found)]
    return [text for text in texts if text]


def epochs_of_interest(found: Calibration, run: ShortRun) -> list[int]:
    """Powers of 2, the last epoch, the rungs of the search, and the epoch from which pruning is safe."""
    epochs = {2**power for power in range(run.spec.epochs.bit_length()) if 2**power <= run.spec.epochs}
    safe = run.safe_epoch(found.wanted)
    return sorted(epochs | {run.spec.epochs} | set(rungs_of(found, run)) | ({safe} if safe else set()))


def rungs_of(found: Calibration, run: ShortRun) -> tuple[int, ...]:
    """The rungs of the search, where these trainings are as long as its trials."""
    return found.search.rungs if found.search is not None and run is found.of_search else ()


def marks(found: Calibration, run: ShortRun, epoch: int) -> list[str]:
    """What is to be said of an epoch in a table."""
    texts = ["rung of the search"] if epoch in rungs_of(found, run) else []
    texts += [f"safe from here on ({found.wanted:.2f})"] if epoch == run.safe_epoch(found.wanted) else []
    if found.proposal is not None and run is found.proposal.run and epoch == found.proposal.first_rung:
        texts.append("proposed first rung")
    return texts


def in_words(correlation: RankCorrelation) -> str:
    """`0.86 (95 % interval 0.41 to 0.97, 9 curves)`."""
    if correlation.rho is None:
        return f"unknown ({correlation.curves} curves)"
    low, high = correlation.interval
    return f"{correlation.rho:.2f} (95 % interval {low:.2f} to {high:.2f}, {correlation.curves} curves)"


def _answer(found: Calibration) -> str:
    if all(run.last.accuracy.rho is None for run in found.short):
        return "Nothing can be said yet: at least 4 curves must have ended both their short and their long training."
    return _nothing(found) if found.proposal is None else _proposed(found, found.proposal)


def _nothing(found: Calibration) -> str:
    best = max(found.short, key=lambda run: -2.0 if run.last.accuracy.rho is None else run.last.accuracy.rho)
    return (
        f"No short training ranks the curves as the long ones do with a correlation of {found.wanted:.2f}: the best, "
        f"{best.spec.epochs} epochs, reaches {in_words(best.last.accuracy)} at its end. Pruning is not shown to be "
        "safe at any epoch. Try longer trainings (--short), more seeds (--seeds), or more images in the search."
    )


def _proposed(found: Calibration, proposal: Proposal) -> str:
    epochs, first = proposal.run.spec.epochs, proposal.first_rung
    rungs = f"the first rung at epoch {first}" if first < epochs else "no rung before the end"
    at_first = in_words(proposal.run.at(first).accuracy)
    text = (
        f"Proposed: {epochs} epochs with {rungs}. {_judged(found)} ranks the curves as {found.long.epochs} epochs "
        f"of {found.long.recipe.name} do with a correlation of {at_first} at epoch {first}"
    )
    text += f" and {in_words(proposal.run.last.accuracy)} at the end." if first < epochs else "."
    return f"{text} {_how_sure(found, proposal)}"


def _judged(found: Calibration) -> str:
    return "One training" if found.replicates == 1 else f"The mean of {found.replicates} trainings"


def _how_sure(found: Calibration, proposal: Proposal) -> str:
    if proposal.is_sure:
        return f"All intervals from there on lie above {found.wanted:.2f}."
    weakest = proposal.weakest
    return (
        f"That it is {found.wanted:.2f} or more is not sure: at epoch {weakest.epoch} it may be as low as "
        f"{weakest.accuracy.interval.low:.2f}. With {weakest.accuracy.curves} curves intervals are wide; "
        "more --from-search in a calibration of another --name narrows them."
    )


def _own_rungs(found: Calibration) -> str:
    run = found.of_search
    rungs = [] if run is None else rungs_of(found, run)
    if run is None or not rungs:
        return ""
    listed = ", ".join(f"{in_words(run.at(rung).accuracy)} at epoch {rung}" for rung in rungs)
    safe = run.safe_epoch(found.wanted)
    early = [rung for rung in rungs if safe is None or rung < safe]
    verdict = f"Not shown to be safe: epoch {', '.join(map(str, early))}." if early else "All are at safe epochs."
    return f"The search's own rungs: {listed}. {verdict}"


def _limit(found: Calibration) -> str:
    if found.between_seeds is None:
        return "The long trainings have one seed: how well they rank the curves themselves is unknown."
    text = f"The long trainings of one seed and of another agree at {found.between_seeds:.2f}"
    if found.between_seeds >= found.wanted:
        return f"{text}."
    return (
        f"{text}, less than {found.wanted:.2f}: part of the disagreement is noise of the long ones; more --seeds help."
    )


def _diverged(found: Calibration) -> str:
    number = found.long_diverged + sum(run.diverged for run in found.short)
    return f"Trainings that diverged count with accuracy 0 from then on: {number}." if number else ""


def _progress(found: Calibration) -> str:
    if not found.missing:
        return ""
    return f"So far: {found.trainings - found.missing} of {found.trainings} trainings have ended."
