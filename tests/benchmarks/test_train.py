"""The benchmark of the training loop runs in a miniature."""

from collections.abc import Callable
from types import ModuleType

from vsearch.models import resnet


def test_every_loop_has_its_line(table: Callable[..., list[list[str]]]) -> None:
    """The plain loop, vsearch's two and the floor under them are measured for one small network."""
    rows = table("train", "--depths", "8", "--rounds", "1", "--steps", "1")
    measured = [row for row in rows if row[0] == "8"]
    assert [row[1].split(",")[0] for row in measured] == [
        "plain PyTorch loop",
        "vsearch",
        "vsearch",
        "float32 convolutions alone",
    ]
    assert all(float(row[2].split(" / ")[1]) > 0 for row in measured)


def test_the_floor_has_the_convolutions_of_the_network(module: Callable[[str], ModuleType]) -> None:
    """As many weights as those of the network that is trained."""
    layers = module("convolutions").layers(32)
    weights = sum(9 * before * after * count for before, after, _, count in layers)
    assert weights == sum(p.numel() for p in resnet(32, 10).parameters() if p.dim() == 4)
