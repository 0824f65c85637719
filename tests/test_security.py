"""What the whole package must not do: run what it has read, or build SQL and commands from text."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import vsearch

ROOT = Path(vsearch.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
STANDALONE = ROOT / "export" / "standalone.py"
"""Copied out beside exported weights as a program of its own; vsearch never runs it."""
REREAD = {"export/formats.py": ["calls torch.export.load without weights_only=True"]}
"""What reads back the very file that it has just written, to compare it."""
UNSAFE_MODULES = {
    *("pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "jsonpickle"),
    *("yaml", "code", "codeop", "runpy", "xmlrpc", "telnetlib", "pty"),
}
UNSAFE_CALLS = {"eval", "exec", "compile", "__import__", "execfile"}
UNSAFE_FUNCTIONS = {"os.system", "os.popen", "tempfile.mktemp", "subprocess.getoutput", "subprocess.getstatusoutput"}
SQL_FUNCTIONS = {
    "sa.text",
    "sqlalchemy.text",
    "text",
    "DDL",
    "literal_column",
    "exec_driver_sql",
    "execute",
    "executescript",
}


def problems(source: str) -> Iterator[str]:
    """What a module does that none may."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            names = []
        yield from (f"imports {name}" for name in names if name.partition(".")[0] in UNSAFE_MODULES)
        if isinstance(node, ast.Call):
            yield from _problems_of_call(node)


def _problems_of_call(call: ast.Call) -> Iterator[str]:
    name = ast.unparse(call.func)
    last = name.rpartition(".")[2]
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if name in UNSAFE_CALLS | UNSAFE_FUNCTIONS:
        yield f"calls {name}"
    if last == "load" and name.startswith(("torch.", "np.", "numpy.")):
        weights_only = keywords.get("weights_only")
        if not (name == "torch.load" and isinstance(weights_only, ast.Constant) and weights_only.value is True):
            yield f"calls {name} without weights_only=True"
    shell = keywords.get("shell")
    if shell is not None and not (isinstance(shell, ast.Constant) and shell.value is False):
        yield f"calls {name} with a shell"
    if (name in SQL_FUNCTIONS or (last in SQL_FUNCTIONS and last != "text")) and not _is_safe_sql(call.args[:1], last):
        yield f"calls {name} with SQL that is put together"


def _is_safe_sql(arguments: list[ast.expr], function: str) -> bool:
    """Written out in the source; `execute` also takes SQLAlchemy's own expressions, which bind their values."""
    is_constant = all(isinstance(argument, ast.Constant) for argument in arguments)
    if function != "execute" or is_constant:
        return is_constant
    return not any(isinstance(part, ast.JoinedStr | ast.Mod) for argument in arguments for part in ast.walk(argument))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_runs_what_it_reads_or_puts_sql_together(path: Path) -> None:
    assert list(problems(path.read_text(encoding="utf-8"))) == REREAD.get(str(path.relative_to(ROOT)), [])


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import yaml",
        "eval('1')",
        "exec(text)",
        "torch.load(f)",
        "torch.load(f, weights_only=False)",
        "torch.load(f, weights_only=flag)",
        "numpy.load(f, allow_pickle=True)",
        "subprocess.run(command, shell=True)",
        "os.system(command)",
        "sa.text(f'SELECT {name}')",
        "sa.text('SELECT ' + name)",
        "connection.execute('SELECT %s' % name)",
        "connection.exec_driver_sql('PRAGMA ' + name)",
        "cursor.execute(f'SELECT {name}')",
    ],
)
def test_each_of_these_would_be_found(source: str) -> None:
    assert list(problems(source)) != []


def test_only_one_module_prints_what_a_command_has_read() -> None:
    """It shows what a terminal would obey as text; the exceptions print what vsearch itself has written."""
    printing = {
        str(path.relative_to(ROOT))
        for path in FILES
        if path != STANDALONE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("print", "click.echo", "click.secho", "sys.stdout.write")
    }
    assert printing == {"cli/output.py", "cli/__init__.py", "cli/completion.py"}


def test_entry_points_are_the_only_code_that_a_name_can_lead_to() -> None:
    """Families come from packages that the user installed; all other imports are of names written in the source."""
    dynamic = {
        str(path.relative_to(ROOT))
        for path in FILES
        if path != STANDALONE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in ("import_module", "load")
        and not (node.args and isinstance(node.args[0], ast.Constant))
        and ast.unparse(node.func) not in ("tomllib.load", "json.load", "torch.load", "torch.export.load", "tl.load")
    }
    assert dynamic == {"cli/lazy.py", "curves/families.py"}
