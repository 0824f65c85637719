import pytest

from vsearch.curves import Bump, Curve, Levels, Ramp, Step, Triangle, paper, parse_curve
from vsearch.errors import InputError


@pytest.mark.parametrize(
    ("text", "settings", "curve"),
    [
        ("triangle", {"peak": "1.3", "floor": "0.8"}, Triangle(1.3, 0.8, 8)),
        (" triangle ", {"peak": "1.3", "floor": "0.8", "apex": "4"}, Triangle(1.3, 0.8, 4)),
        ("ramp", {"peak": "1.3", "floor": "0.8", "direction": "rising"}, Ramp(1.3, 0.8, "rising")),
        ("bump", {"peak": "1.3", "floor": "0.8"}, Bump(1.3, 0.8)),
        ("step", {"segments": "2", "level_1": "1", "level_2": "2"}, Step((1, 2), (7.5,))),
        ("paper:cifar10-resnet32", {}, paper.cifar10_resnet32),
        ("cifar100-resnet56", {}, paper.cifar100_resnet56),
        ('{"family": "ramp", "peak": 1.3, "floor": 0.9}', {}, Ramp(1.3, 0.9)),
        ("1,1,.75", {}, Levels((1, 1, 0.75))),
        ("[1, 1]", {}, Levels((1, 1))),
        ("[1]", {}, Levels((1,))),
    ],
)
def test_reads(text: str, settings: dict[str, str], curve: Curve) -> None:
    assert parse_curve(text, settings) == curve


@pytest.mark.parametrize("curve", paper.CURVES.values())
def test_reads_what_to_json_wrote(curve: Curve) -> None:
    assert parse_curve(curve.to_json()) == curve


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        ("triangel", {}, "no curve family is called 'triangel'; there are .* Did you mean 'triangle'"),
        ("", {}, "the curve is empty; name a family"),
        ("triangle", {}, "triangle needs peak, floor; usual ranges are peak=1:1.6, floor=0.5:1"),
        ("triangle", {"peak": "1.3"}, "triangle needs floor"),
        (
            "triangle",
            {"peak": "1.3", "floor": "1", "slope": "2"},
            "no knob of triangle is called 'slope'; there are apex, floor, peak",
        ),
        ("triangle", {"peak": "high", "floor": "1"}, "peak is the text 'high'"),
        ("triangle", {"peak": "1,3", "floor": "1"}, "use a point: 1.3"),
        ("triangle", {"peak": "inf", "floor": "1"}, "peak is inf"),
        ("triangle", {"peak": "0.7", "floor": "0.8"}, "peak 0.7 below its floor 0.8"),
        ("step", {"segments": "2", "level_3": "1"}, "no knob of step is called 'level_3'.*segments"),
        ("step", {"segments": "1"}, "segments is 1"),
        ("paper:cifar11", {}, "no curve of the paper is called 'cifar11'"),
        ("paper:cifar10-resnet32", {"peak": "1"}, "is a whole curve; it takes no knobs, so leave out peak"),
        ("1,nan", {}, "level 2 is nan"),
        ("1,,2", {}, "level 2 is empty"),
        ("1,2,", {}, "level 3 is empty"),
        ("[1, 2,]", {}, "level 3 is empty"),
        ("[]", {}, "level 1 is empty"),
        ("[1, 2", {}, "no closing bracket"),
        ("[1, [2]]", {}, r"level 2 is the text ' \[2\]'"),
        ("1,-1", {}, "level 2 is -1; it must lie in 0 … 10"),
        ("levels", {"levels": "1,1"}, "write the list itself"),
        ("__import__('os').getcwd()", {}, "no curve family is called"),
        ("{", {}, "is not JSON"),
        ('{"family": "ramp"}', {}, "the ramp curve lacks peak, floor; its fields are peak, floor, direction"),
    ],
)
def test_refuses(text: str, settings: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        parse_curve(text, settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["1," * 500_000, "[" * 500_000, '{"a":' * 100_000, "9" * 1_000_000, '{"family":' + "9" * 5000 + "}"]
)
def test_a_huge_text_is_refused_briefly(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_curve(text)
    assert len(str(caught.value)) < 400
