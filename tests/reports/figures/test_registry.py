"""The figures by name."""

import subprocess
import sys
from collections.abc import Callable

from vsearch.reports.figures import COMPARISONS, SEARCH_FIGURES
from vsearch.reports.study_data import StudyData


def test_a_figure_has_the_name_under_which_it_is_found(data: Callable[..., StudyData]) -> None:
    study = data()
    assert [chart(study).name for chart in SEARCH_FIGURES.values()] == list(SEARCH_FIGURES)
    assert [chart([study]).title for chart in COMPARISONS.values()]


def test_the_names_alone_load_nothing() -> None:
    script = (
        "import sys, vsearch.reports.figures as f\nassert f.SEARCH_FIGURES\n"
        "print(*[name for name in ('optuna', 'plotly', 'matplotlib', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "\n"
