"""The command `vsearch` and its groups; each command's module is imported when it is called, not before."""

import click

from vsearch import __version__
from vsearch.cli.lazy import LazyGroup

study = LazyGroup(
    "study",
    help="Create, train, look at and end studies.",
    lazy={
        "create": ("vsearch.cli.study_create:create", "Describe a study and store it; trains nothing."),
        "run": ("vsearch.cli.study_run:run", "Create a study or go on with it, training on this machine."),
        "list": ("vsearch.cli.study_view:list_studies", "All studies: states of their trials, best, budget used."),
        "show": ("vsearch.cli.study_view:show", "One study: its spec and its trials."),
        "best": ("vsearch.cli.study_view:best", "The best curve so far, beside the baseline."),
        "watch": ("vsearch.cli.watch:watch", "Follow a study that other machines train."),
        "stop": ("vsearch.cli.study_control:stop", "Let running trials end, and begin no more."),
        "pause": ("vsearch.cli.study_control:pause", "Put running trials back, and begin no more."),
        "resume": ("vsearch.cli.study_control:resume", "Let workers take trials again, more of them if you like."),
        "cancel": ("vsearch.cli.study_control:cancel", "End running and waiting trials at once."),
        "delete": ("vsearch.cli.study_control:delete", "Remove a study and its trials for good."),
        "draw": ("vsearch.cli.study_draw:draw", "Draw its pictures for the dashboard now."),
        "export": ("vsearch.cli.study_view:export", "All trials as CSV or JSON."),
        "events": ("vsearch.cli.study_control:events", "What people did to a study and its trials."),
    },
)

trial = LazyGroup(
    "trial",
    help="Look at single trials, and take faulty ones out of their study.",
    lazy={
        "list": ("vsearch.cli.trial_view:list_trials", "The trials of a study, by state and reason."),
        "show": ("vsearch.cli.trial_view:show", "All that is known of one trial, and its attempts."),
        "exclude": ("vsearch.cli.trial_control:exclude", "Take an ended trial out of its study."),
        "include": ("vsearch.cli.trial_control:include", "Take an excluded trial in again."),
        "replay": ("vsearch.cli.trial_replay:replay_trial", "Train a trial again from its record, and compare."),
    },
)

curve = LazyGroup(
    "curve",
    help="Look at curves, without any study.",
    lazy={
        "families": ("vsearch.cli.curve:families", "The families and their knobs."),
        "show": ("vsearch.cli.curve:show", "The scale at each block, and a sparkline."),
        "plot": ("vsearch.cli.curve:plot", "A picture: .html, .png, .svg or .pdf."),
    },
)


storage = LazyGroup(
    "storage",
    help="Prepare a database, and upgrade it.",
    lazy={
        "init": ("vsearch.cli.storage:init", "Make the tables where they are missing."),
        "upgrade": ("vsearch.cli.storage:upgrade", "Bring the tables of an older version to this one's."),
    },
)


class App(LazyGroup):
    """The root: groups beside lazy commands."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A group of this module, or a lazy command."""
        groups = {"study": study, "trial": trial, "curve": curve, "storage": storage}
        return groups.get(cmd_name) or super().get_command(ctx, cmd_name)


app = App(
    "vsearch",
    help="""Find the curve over depth that scales the shortcuts of a residual network.

    The main job in one command, on real images that need no download:

        vsearch study run --family triangle --depth 32 --dataset digits
    """,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    lazy={
        "study": ("", "Create, train, look at and end studies."),
        "trial": ("", "Look at single trials, and take faulty ones out of their study."),
        "curve": ("", "Look at curves, without any study."),
        "calibrate": ("vsearch.cli.calibrate:calibrate", "Whether short trainings rank curves as long ones do."),
        "plan": ("vsearch.cli.plan:plan", "What a wanted certainty costs, before anything is spent."),
        "confirm": ("vsearch.cli.confirm:confirm", "Train a search's best curves again, and say what stands."),
        "reproduce": ("vsearch.cli.reproduce:reproduce", "The paper's table, with seeds, pairs and intervals."),
        "transfer": ("vsearch.cli.transfer:transfer", "Try a curve at other depths and on other data sets."),
        "verify": ("vsearch.cli.trial_replay:verify", "Train a study's best trials again from their record."),
        "worker": ("vsearch.cli.worker:worker", "Train trials of stored studies on this machine; list workers."),
        "storage": ("", "Prepare a database, and upgrade it."),
        "dashboard": ("vsearch.cli.dashboard:dashboard", "Optuna's dashboard of the stored studies, for a browser."),
        "report": ("vsearch.cli.report:report", "Studies as a file for other people; single figures."),
        "export": ("vsearch.cli.export:export", "A confirmed network, or a curve, as a folder to take away."),
        "doctor": ("vsearch.cli.doctor:doctor", "What this machine has: device, storage, data, settings."),
        "completion": ("vsearch.cli.completion:completion", "The shell's completion script."),
    },
)
app = click.version_option(__version__, prog_name="vsearch")(app)
