"""A network trained for real: ResNet-8 on the scans of digits, for two epochs."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from vsearch.curves import Ramp
from vsearch.data import load_search_data
from vsearch.export import Certainty, ConfirmedNetwork, Origin
from vsearch.models import resnet
from vsearch.spec.recipe import Recipe
from vsearch.spec.study import StudySpec
from vsearch.training.loop import Training

CURVE = Ramp(peak=1.3, floor=0.9)
CERTAINTY = Certainty(0.0042, 0.0011, 0.0073, 5, "confirmed: better than the plain network")


@pytest.fixture(scope="session")
def confirmed() -> ConfirmedNetwork:
    torch.set_num_threads(1)
    data = load_search_data("digits", root=Path())
    network = resnet(8, 10, CURVE.scales(3), in_channels=1, generator=torch.Generator().manual_seed(1))
    training = Training(
        network,
        data,
        Recipe("tiny", learning_rate=0.05, batch_size=32, warmup=0.1, epochs=2),
        epochs=2,
        seed=1,
        device=torch.device("cpu"),
        precision="float32",
    )
    accuracy = [record.validation_accuracy for record in training.epochs()][-1]
    assert accuracy > 0.5  # it has learnt something, so that its logits say something
    spec = StudySpec(families=("ramp",), dataset="digits", depth=8, name="ramp-digits-confirmed")
    return ConfirmedNetwork(
        curve=CURVE,
        depth=8,
        dataset="digits",
        num_classes=10,
        channels=1,
        origin=Origin(
            "ramp-digits-confirmed", "ramp-digits", 7, spec.to_json(), {"torch": torch.__version__}, "0a1b2c", "CPU X"
        ),
        certainty=CERTAINTY,
        role="candidate",
        seed=1,
        accuracy=accuracy,
        choice="of 5 trainings of this curve the one of median test accuracy, not the luckiest",
        image_size=8,
        mean=tuple(data.mean.tolist()),
        std=tuple(data.std.tolist()),
        state_dict=network.state_dict(),
        images=data.validation.images[:64],
    )


@pytest.fixture
def uncertain(confirmed: ConfirmedNetwork) -> ConfirmedNetwork:
    return replace(confirmed, certainty=None)
