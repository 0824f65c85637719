import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from vsearch.curves import Curve, Triangle, families, family, from_dict, from_json, register
from vsearch.errors import InputError

PLUGIN = '''
from dataclasses import dataclass
from typing import ClassVar
from vsearch.curves import Curve, FloatKnob

@dataclass(frozen=True, repr=False)
class Saw(Curve):
    """V(t) = height * (t % 1)."""
    family: ClassVar[str] = "saw"
    height: float

    @classmethod
    def knobs(cls, **structure):
        return (FloatKnob("height", 0.5, 1.5, (0, 10)),)

    @classmethod
    def baseline_knobs(cls, **structure):
        return {"height": 1.0}

    def _at(self, t):
        return self.height
'''


def run_with_plugin(folder: Path, entry_points: str, code: str) -> subprocess.CompletedProcess[str]:
    (folder / "saw_plugin.py").write_text(PLUGIN)
    info = folder / "saw_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: saw-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[vsearch.families]\n" + entry_points)
    program = f"import sys; sys.path.insert(0, {str(folder)!r})\n{code}"
    return subprocess.run(
        [sys.executable, "-W", "always", "-c", program], capture_output=True, text=True, timeout=60, check=False
    )


def test_an_installed_package_adds_a_family(tmp_path: Path) -> None:
    done = run_with_plugin(
        tmp_path,
        "saw = saw_plugin:Saw\n",
        "from vsearch.curves import families, from_json\n"
        'curve = from_json(\'{"family": "saw", "height": 1.25}\')\n'
        "print(curve, curve.scales(2), list(families())[-1])",
    )
    assert done.stdout == "Saw(height=1.25) (1.25, 1.25) saw\n"
    assert done.stderr == ""


def test_plugins_are_not_loaded_for_a_built_in_family(tmp_path: Path) -> None:
    done = run_with_plugin(
        tmp_path,
        "saw = saw_plugin:Saw\n",
        "from vsearch.curves import family\nfamily('ramp')\nprint('saw_plugin' in sys.modules)\n"
        "family('saw')\nprint('saw_plugin' in sys.modules)",
    )
    assert done.stdout == "False\nTrue\n"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("saw = no_such_module:Saw\n", "No module named 'no_such_module'"),
        ("saw = saw_plugin:dataclass\n", "is no curve family"),
        ("saw = saw_plugin:Curve\n", "lacks _at, baseline_knobs, knobs"),
    ],
)
def test_a_broken_plugin_is_left_out_with_one_warning(tmp_path: Path, entry: str, reason: str) -> None:
    done = run_with_plugin(
        tmp_path, entry, "from vsearch.curves import families\nfamilies()\nprint('triangle' in families())"
    )
    assert done.stdout == "True\n"
    assert done.stderr.count("was left out") == 1
    assert reason in done.stderr


def test_knows_the_families_by_name() -> None:
    assert family("triangle") is Triangle
    assert list(families())[:8] == ["constant", "triangle", "ramp", "step", "bump", "stage", "spline", "levels"]


def test_an_unknown_family_gets_the_nearest_name() -> None:
    with pytest.raises(InputError, match="Did you mean 'triangle'"):
        family("triangel")


def test_registering_a_class_again_changes_nothing() -> None:
    before = families()
    assert register(Triangle) is Triangle
    assert families() == before


def test_refuses_a_name_that_is_taken() -> None:
    class Other(Triangle):
        family = "ramp"

    with pytest.raises(InputError, match="'ramp' exists already; give Other another name"):
        register(Other)


@pytest.mark.parametrize("name", ["", "Big", "a b", 3, "x" * 41, "../x"])
def test_refuses_a_malformed_name(name: object) -> None:
    wrong = type("Wrong", (Triangle,), {"family": name})
    with pytest.raises(InputError, match="must be a short name"):
        register(wrong)


@pytest.mark.parametrize("thing", [3, dict, Curve])
def test_refuses_what_is_no_family(thing: Any) -> None:
    with pytest.raises(InputError, match=r"is no curve family|lacks"):
        register(thing)


def test_a_field_with_a_default_may_be_left_out() -> None:
    assert from_dict({"family": "triangle", "peak": 1.3, "floor": 0.8}) == Triangle(1.3, 0.8, 8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[1]", "a curve was expected"),
        ("null", "a curve was expected"),
        ("{}", "the curve's family is None; it must be one of constant"),
        ('{"family": 3}', "the curve's family is 3"),
        ('{"family": "circle"}', "no curve family is called 'circle'"),
        ('{"family": "ramp", "peak": 1.3}', "lacks floor"),
        ('{"family": "ramp", "peak": 1.3, "floor": 1, "apex": 8}', "no field of ramp is called 'apex'"),
        ('{"family": "ramp", "peak": "1.3", "floor": 1}', "peak is the text '1.3'"),
        ('{"family": "ramp", "peak": NaN, "floor": 1}', "peak is nan"),
        ('{"family": "ramp", "peak": Infinity, "floor": 1}', "peak is inf"),
        ('{"family": "ramp", "peak": true, "floor": 1}', "peak is True"),
        ('{"family": "ramp", "peak": [1], "floor": 1}', r"peak is \[1\]"),
        ('{"family": "ramp", "peak": 1.3, "peak": 1.4, "floor": 1}', "has 'peak' twice"),
        ('{"family": "step", "levels": {"a": 1}, "edges": []}', "must be a list of numbers"),
        ('{"family": "step", "levels": [1, "2"], "edges": [5]}', "level 2 is the text '2'"),
        ('{"family": "levels", "levels": [1, null]}', "level 2 is None"),
    ],
)
def test_refuses_json(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_json(text)


def test_a_family_refuses_the_json_of_another() -> None:
    with pytest.raises(InputError, match="'ramp'; 'triangle' was expected"):
        Triangle.from_dict({"family": "ramp", "peak": 1.3, "floor": 0.8})


@pytest.mark.parametrize("text", [None, 3, b"\xff\xfe"])
def test_refuses_what_is_no_text(text: Any) -> None:
    with pytest.raises(InputError):
        from_json(text)


def test_importing_curves_needs_neither_numpy_nor_torch() -> None:
    code = "import sys, json, vsearch.curves; print(json.dumps([m for m in sys.modules if '.' not in m]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert not {"numpy", "torch", "optuna", "plotly"} & set(json.loads(done.stdout))
