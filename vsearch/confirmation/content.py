"""What a planned study shows as plain JSON values, for programs and reports."""

import math
from typing import Any

from vsearch.confirmation.outcome import Outcome, Row, ShapeRow
from vsearch.confirmation.sentences import progress_sentence, shape_sentence, verdict_sentence


def outcome_content(outcome: Outcome) -> dict[str, Any]:
    """The whole of it; differences in points, accuracies in [0, 1], None for what is not known."""
    spec, winner = outcome.spec, outcome.winner
    return {
        "study": spec.name,
        "purpose": spec.purpose,
        "parent": spec.parent or None,
        "evaluated_on": spec.evaluated_on,
        "epochs": spec.epochs,
        "seeds": spec.seeds_per_curve,
        "sequential": spec.sequential,
        "missing_trainings": outcome.missing,
        "winner": None if winner is None else winner.label,
        "verdict": outcome.verdict,
        "sentence": verdict_sentence(outcome),
        "is_shape": outcome.is_shape,
        "shape_sentence": shape_sentence(outcome) or None,
        "progress": progress_sentence(outcome) or None,
        "curves": [row_content(row) for row in outcome.rows],
        "shape": [_shape_content(row) for row in outcome.shape],
    }


def row_content(row: Row) -> dict[str, Any]:
    """One curve."""
    difference = row.difference
    content: dict[str, Any] = {
        "label": row.label,
        "role": row.role,
        "curve": row.curve.to_dict(),
        "accuracies": {str(pair): accuracy for pair, accuracy in sorted(row.accuracies.items())},
        "mean_accuracy": row.mean,
        "settled_seeds": row.planned.seeds,
        "diverged": row.diverged,
        "missing": row.missing,
        "search_lead": row.search_lead,
        "shrinkage": row.shrinkage,
        "verdict": row.verdict if row.is_claim else None,
    }
    if difference is None or row.decisive is None:
        return content | {"difference": None}
    return content | {
        "difference": difference.mean,
        "sd": difference.sd,
        "pairs": difference.n,
        "comparisons": difference.comparisons,
        "interval": difference.interval.to_json(),
        "simultaneous_interval": difference.simultaneous.to_json(),
        "bootstrap_interval": None if difference.bootstrap is None else difference.bootstrap.to_json(),
        "decisive_interval": row.decisive.to_json(),
        "p_value": difference.p_value,
        "p_corrected": difference.p_corrected,
        "p_better": difference.p_better,
        "detectable": difference.detectable if math.isfinite(difference.detectable) else None,
    }


def _shape_content(row: ShapeRow) -> dict[str, Any]:
    return {
        "control": row.label,
        "difference": row.difference.mean,
        "pairs": row.difference.n,
        "interval": row.interval.to_json(),
        "is_beaten": row.interval.low > 0,
    }
