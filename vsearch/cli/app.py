"""The command `vsearch` and its groups; each command's module is imported when it is called, not before."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from vsearch import __version__


class LazyGroup(click.Group):
    """A group whose commands are named as `module:attribute` with a line of help, so that help imports nothing."""

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The commands in the order in which a user meets them."""
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command, or None where there is none of that name."""
        if cmd_name not in self._lazy:
            return None
        module, _, attribute = self._lazy[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name, or an error with the nearest name."""
        name = args[0]
        if name not in self._lazy and not name.startswith("-"):
            near = get_close_matches(name, self._lazy, n=1)
            hint = f". Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"no command is called {name[:60]!r}; there are {', '.join(self._lazy)}{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in self._lazy.items()])


study = LazyGroup(
    "study",
    help="Create, train, look at and end studies.",
    lazy={
        "create": ("vsearch.cli.study_create:create", "Describe a study and store it; trains nothing."),
        "run": ("vsearch.cli.study_run:run", "Create a study or go on with it, training on this machine."),
        "list": ("vsearch.cli.study_view:list_studies", "All studies: states of their trials, best, budget used."),
        "show": ("vsearch.cli.study_view:show", "One study: its spec and its trials."),
        "best": ("vsearch.cli.study_view:best", "The best curve so far, beside the baseline."),
        "stop": ("vsearch.cli.study_control:stop", "Let running trials end, and begin no more."),
        "resume": ("vsearch.cli.study_control:resume", "Let workers take trials again, more of them if you like."),
        "delete": ("vsearch.cli.study_control:delete", "Remove a study and its trials for good."),
        "export": ("vsearch.cli.study_view:export", "All trials as CSV or JSON."),
    },
)

curve = LazyGroup(
    "curve",
    help="Look at curves, without any study.",
    lazy={
        "families": ("vsearch.cli.curve:families", "The families and their knobs."),
        "show": ("vsearch.cli.curve:show", "The scale at each block, and a sparkline."),
        "plot": ("vsearch.cli.curve:plot", "A picture: .html, .png or .svg."),
    },
)


storage = LazyGroup(
    "storage",
    help="Prepare a database.",
    lazy={"init": ("vsearch.cli.storage:init", "Make the tables where they are missing.")},
)


class App(LazyGroup):
    """The root: groups beside lazy commands."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A group of this module, or a lazy command."""
        return {"study": study, "curve": curve, "storage": storage}.get(cmd_name) or super().get_command(ctx, cmd_name)


app = App(
    "vsearch",
    help="""Find the curve over depth that scales the shortcuts of a residual network.

    The main job in one command, on real images that need no download:

        vsearch study run --family triangle --depth 32 --dataset digits
    """,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    lazy={
        "study": ("", "Create, train, look at and end studies."),
        "curve": ("", "Look at curves, without any study."),
        "worker": ("vsearch.cli.worker:worker", "Train trials of stored studies on this machine."),
        "storage": ("", "Prepare a database."),
        "dashboard": ("vsearch.cli.dashboard:dashboard", "Optuna's dashboard of the stored studies, for a browser."),
        "doctor": ("vsearch.cli.doctor:doctor", "What this machine has: device, storage, data, settings."),
        "completion": ("vsearch.cli.completion:completion", "The shell's completion script."),
    },
)
app = click.version_option(__version__, prog_name="vsearch")(app)
