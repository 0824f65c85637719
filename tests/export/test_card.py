import json
from dataclasses import replace

import pytest

from vsearch import __version__
from vsearch.curves import paper
from vsearch.export import ConfirmedNetwork, ExportedCurve, Origin
from vsearch.export.card import curve_card
from vsearch.export.terms import TERMS, terms_of
from vsearch.spec.datasets import DATASETS


def test_says_what_it_is_and_how_well_it_does_on_the_test_split(confirmed: ConfirmedNetwork) -> None:
    card = curve_card(confirmed)
    assert "# Curve card: Ramp(peak=1.3, floor=0.9" in card
    assert "ResNet-8 (3 blocks) trained on Digits with a fixed scale on every shortcut" in card
    assert f"test accuracy {100 * confirmed.accuracy:.2f} %" in card
    assert "1.1857, 1.0429, 0.9000" in card


def test_says_how_sure_with_interval_and_number_of_pairs(confirmed: ConfirmedNetwork) -> None:
    card = curve_card(confirmed)
    assert "+0.42 points of test accuracy, 95 % interval +0.11 to +0.73, from 5 pairs" in card
    assert "Verdict: Confirmed: better than the plain network." in card
    assert "Of 5 trainings of this curve the one of median test accuracy, not the luckiest." in card


def test_without_a_comparison_it_says_not_confirmed(uncertain: ConfirmedNetwork) -> None:
    card = curve_card(uncertain)
    assert "**Not confirmed**" in card
    assert "Verdict" not in card


def test_says_where_it_comes_from(confirmed: ConfirmedNetwork) -> None:
    card = curve_card(confirmed)
    for fact in ("Study: `ramp-digits-confirmed`", "Found in: `ramp-digits`", "Trial: 7", "Commit: 0a1b2c", "CPU X"):
        assert fact in card
    spec = card.split("```json\n")[1].split("```")[0]
    assert json.loads(spec)["families"] == ["ramp"]


def test_says_on_which_images_their_terms_and_how_they_are_normalised(confirmed: ConfirmedNetwork) -> None:
    card = curve_card(confirmed)
    assert "Licence: CC BY 4.0." in card
    assert "Alpaydin" in card
    assert f"mean {confirmed.mean[0]:.2f}, std {confirmed.std[0]:.2f} per channel" in card
    assert "8×8×1, 10 classes" in card


def test_says_how_to_use_and_cite_it(confirmed: ConfirmedNetwork) -> None:
    card = curve_card(confirmed, ["`model.onnx` is there too."])
    assert "from network import load, normalise" in card
    assert "apply_curve(model" in card
    assert "- `model.onnx` is there too." in card
    assert "variational scaling" in card
    assert f"vsearch {__version__}" in card
    assert "arXiv:1512.03385" in card


def test_a_curve_from_no_study_says_so() -> None:
    card = curve_card(ExportedCurve(curve=paper.cifar10_resnet32, depth=32))
    assert "without weights" in card
    assert "from no study" in card
    assert "**Not confirmed**" in card


@pytest.mark.parametrize("dataset", DATASETS)
def test_each_data_set_of_the_catalogue_has_its_terms(dataset: str) -> None:
    assert terms_of(dataset) is TERMS[dataset]


def test_the_path_of_a_folder_of_images_stays_private(confirmed: ConfirmedNetwork) -> None:
    assert confirmed.origin is not None
    spec = json.dumps({"dataset": "folder:/home/ann/secret/flowers"})
    card = curve_card(
        replace(confirmed, dataset="folder:/home/ann/secret/flowers", origin=replace(confirmed.origin, spec=spec))
    )
    assert "the folder of images 'flowers'" in card
    assert "add it here" in card
    assert "secret" not in card


def test_what_a_database_holds_does_not_steer_a_browser_or_a_terminal() -> None:
    origin = Origin("study", device="<script>\x1b[2J")
    card = curve_card(ExportedCurve(curve=paper.cifar10_resnet32, depth=32, origin=origin))
    assert "&lt;script>?[2J" in card
