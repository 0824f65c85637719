"""The part of Optuna's tables that vsearch reads with its own SQL, as Optuna 5 makes them (revision v3.2.0.a)."""

import sqlalchemy as sa
from optuna.study import StudyDirection
from optuna.trial import TrialState

_metadata = sa.MetaData()

REVISION = sa.Table("alembic_version", _metadata, sa.Column("version_num", sa.String))
STUDIES = sa.Table(
    "studies",
    _metadata,
    sa.Column("study_id", sa.Integer, primary_key=True),
    sa.Column("study_name", sa.String),
)
DIRECTIONS = sa.Table(
    "study_directions",
    _metadata,
    sa.Column("study_id", sa.Integer),
    sa.Column("objective", sa.Integer),
    sa.Column("direction", sa.Enum(StudyDirection)),
)
STUDY_ATTRS = sa.Table(
    "study_user_attributes",
    _metadata,
    sa.Column("study_id", sa.Integer),
    sa.Column("key", sa.String),
    sa.Column("value_json", sa.Text),
)
STUDY_SYSTEM_ATTRS = sa.Table(
    "study_system_attributes",
    _metadata,
    sa.Column("study_id", sa.Integer),
    sa.Column("key", sa.String),
    sa.Column("value_json", sa.Text),
)
TRIALS = sa.Table(
    "trials",
    _metadata,
    sa.Column("trial_id", sa.Integer, primary_key=True),
    sa.Column("number", sa.Integer),
    sa.Column("study_id", sa.Integer),
    sa.Column("state", sa.Enum(TrialState)),
    sa.Column("datetime_start", sa.DateTime),  # naive, UTC
    sa.Column("datetime_complete", sa.DateTime),  # naive, UTC
)
TRIAL_ATTRS = sa.Table(
    "trial_user_attributes",
    _metadata,
    sa.Column("trial_id", sa.Integer),
    sa.Column("key", sa.String),
    sa.Column("value_json", sa.Text),
)
VALUES = sa.Table(
    "trial_values",
    _metadata,
    sa.Column("trial_id", sa.Integer),
    sa.Column("objective", sa.Integer),
    sa.Column("value", sa.Float(53)),  # NULL where value_type is not FINITE
    sa.Column("value_type", sa.Enum("FINITE", "INF_POS", "INF_NEG", name="trialvaluetype")),
)
PARAMS = sa.Table(
    "trial_params",
    _metadata,
    sa.Column("param_id", sa.Integer, primary_key=True),
    sa.Column("trial_id", sa.Integer),
    sa.Column("param_name", sa.String),
    sa.Column("param_value", sa.Float(53)),  # as the distribution's to_internal_repr gives it
    sa.Column("distribution_json", sa.Text),
)
REPORTS = sa.Table(
    "trial_intermediate_values",
    _metadata,
    sa.Column("trial_id", sa.Integer),
    sa.Column("step", sa.Integer),
    sa.Column("intermediate_value", sa.Float(53)),  # NULL where the type is not FINITE
    sa.Column(
        "intermediate_value_type",
        sa.Enum("FINITE", "INF_POS", "INF_NEG", "NAN", name="trialintermediatevaluetype"),
    ),
)
SYSTEM_ATTRS = sa.Table(
    "trial_system_attributes",
    _metadata,
    sa.Column("trial_id", sa.Integer),
    sa.Column("key", sa.String),
    sa.Column("value_json", sa.Text),
)
