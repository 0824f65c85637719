"""What a study may still spend: trials, epochs and device hours, counted by the database over all workers."""

from vsearch.search import attributes
from vsearch.search.stored import StoredStudy
from vsearch.storage.attempts import Spent
from vsearch.storage.queries import Tally


def is_exhausted(study: StoredStudy) -> bool:
    """Whether no trial of the study can begin any more, now or after running ones were put back."""
    tally = study.storage.tally(study.study_id)
    if study.state != "open" or _is_spent(study, tally) or _has_failed(study, tally):
        return True
    spent = _spent(study)
    return spent is not None and (_is_time_over(study, spent) or (spent.begun == 0 and not _has_epochs(study, spent)))


def may_begin(study: StoredStudy) -> bool:
    """Whether one more trial may begin now; asked under the study's lock.

    Finished and pruned trials count, and running ones may become either; failed ones do not count. A trial that has
    begun may need all its epochs.
    """
    tally = study.storage.tally(study.study_id)
    if study.spec.planned and not tally.waiting:
        return False  # a failed one is not replaced by whatever the sampler thinks of
    if (tally.done + tally.running >= study.spec.trials and not study.spec.planned) or _has_failed(study, tally):
        return False
    spent = _spent(study)
    if spent is None:
        return True
    if _is_time_over(study, spent):
        return False
    return _has_epochs(study, spent) or study.storage.is_next_begun(study.study_id) is True


def _is_spent(study: StoredStudy, tally: Tally) -> bool:
    """Whether as many trials have ended as there may; of a plan, all that were queued."""
    if study.spec.planned:
        return not tally.waiting and not tally.running
    return tally.done >= study.spec.trials


def _spent(study: StoredStudy) -> Spent | None:
    """What the study has spent, if its budget says anything beside trials: counting costs a few milliseconds."""
    is_limited = study.spec.max_epochs is not None or study.spec.max_device_hours is not None
    return study.storage.spent(study.study_id) if is_limited else None


def _has_epochs(study: StoredStudy, spent: Spent) -> bool:
    limit, epochs = study.spec.max_epochs, study.spec.epochs
    return limit is None or spent.epochs + (spent.begun + 1) * epochs <= limit


def _is_time_over(study: StoredStudy, spent: Spent) -> bool:
    limit = study.spec.max_device_hours
    return limit is not None and spent.device_seconds >= 3600 * limit


def _has_failed(study: StoredStudy, tally: Tally) -> bool:
    """Whether too many trials failed by themselves: those that a person ended or excluded do not count."""
    if tally.failed < study.spec.max_failed:
        return False
    cancelled = study.storage.count_trials_with_attr(study.study_id, attributes.REASON, "cancelled")
    return tally.failed - cancelled - study.storage.count_excluded(study.study_id) >= study.spec.max_failed
