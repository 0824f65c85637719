"""The command line: stdout carries data, stderr the rest; every error is one line and an exit code."""

import io
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

import click

from vsearch.cli.output import plain
from vsearch.errors import VsearchError

USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code (README has the table)."""
    from vsearch.cli.app import app

    signal.signal(signal.SIGTERM, _terminate)
    _print_whatever_the_locale()
    stdout = sys.stdout
    try:
        result = app.main(args=arguments, prog_name="vsearch", standalone_mode=False)
        _flush()
    except BrokenPipeError:
        _forget_stdout()  # the reader (`| head`) has what it wanted
        return 0
    except SystemExit:
        if sys.stdout is not stdout:  # click's own answer to a closed pipe is a wrapper and exit code 1
            return 0
        raise
    except _UnwritableOutput as error:
        _forget_stdout()
        return _fail(f"cannot write the output: {error}; make room, or send it elsewhere", 4)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        return USAGE_ERROR
    except VsearchError as error:
        return _fail(str(error), error.exit_code)
    except click.ClickException as error:
        return _fail(_usage_message(error), USAGE_ERROR)
    except (click.Abort, KeyboardInterrupt):
        return _fail("interrupted", 128 + signal.SIGINT)
    except OSError as error:
        try:
            _flush()
        except (_UnwritableOutput, BrokenPipeError):  # it was stdout itself
            _forget_stdout()
        return _fail(_system_message(error), 4)
    return result if isinstance(result, int) else 0


class _UnwritableOutput(Exception):
    """stdout fails, because its disk is full, for example."""


def _flush() -> None:
    if sys.stdout is None:  # closed by the shell: >&-
        return
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _UnwritableOutput(error.strerror or str(error)) from None


def _forget_stdout() -> None:
    """Keep the interpreter from writing what is left, and complaining, on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_whatever_the_locale() -> None:
    """A terminal without sparklines shows `?` in their place."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _fail(message: str, code: int) -> int:
    one_line = " ".join(message.split())
    print(f"vsearch: {plain(one_line)}", file=sys.stderr)
    return code


def _usage_message(error: click.ClickException) -> str:
    message = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    where = context.command_path if context is not None else "vsearch"
    return f"{message}; see {where} --help"


def _system_message(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error}; choose another place (VSEARCH_HOME, --data-dir, -o), or make room"


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signal.SIGTERM)
