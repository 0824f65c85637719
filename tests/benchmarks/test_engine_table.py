"""The table of the engine's benchmark, from given samples."""

from collections.abc import Callable
from types import ModuleType, SimpleNamespace

import pytest

from vsearch.training.layout import Layout

Load = Callable[[str], ModuleType]


@pytest.fixture
def parts(module: Load) -> SimpleNamespace:
    """Two loops of a GPU with their samples by round; the second round has no plain loop yet."""
    tables = module("engine_parts/tables")
    variants, roofline = module("engine_parts/variants"), module("engine_parts/roofline")
    sample = module("engine_parts/processes").Sample
    plain, eager, _, auto = variants.gpu_variants([])
    found = {
        tables.Case(32, plain): {0: sample(1_000.0, 500.0)},
        tables.Case(32, eager): {0: sample(2_000.0, 700.0), 1: sample(2_500.0, 700.0)},
        tables.Case(32, auto): {
            0: sample(9_000.0, 4_000.0, 180.0, Layout(8, 1)),
            1: sample(10_000.0, 4_001.0, 200.0, Layout(16, 1)),
        },
        tables.Case(56, auto): {},
    }
    ceilings = roofline.Ceilings({"bf16": 8e12, "tf32": 4e12}, 4e11)

    def work(depth: int, number_format: str, batch_size: int) -> object:
        return roofline.Work(4e8, 2e7 if number_format == "bf16" else 1e8)

    return SimpleNamespace(tables=tables, found=found, ceilings=ceilings, work=work)


def test_rows_hold_speed_ratio_epochs_memory_energy_and_roofline(parts: SimpleNamespace) -> None:
    _, _, *rows = parts.tables.table(parts.found, parts.ceilings, parts.work)
    assert rows == [
        "| 32 | plain PyTorch loop, TF32 | 1 | 1000 / 1000 / 1000 | 1.00 / 1.00 / 1.00 | 72.0 | 500 | - | 25 |",
        "| 32 | eager loop, 1 training | 2 | 2000 / 2250 / 2500 | 2.00 / 2.00 / 2.00 | 162.0 | 700 | - | 11 |",
        "| 32 | vsearch, auto slots | 2 | 9000 / 9500 / 10000 | 9.00 / 9.00 / 9.00 | 684.0 | 4001 | 20.0 | 48 |",
    ]


def test_remarks_tell_what_was_found_and_what_bounds_it(parts: SimpleNamespace) -> None:
    remarks = parts.tables.remarks(parts.found, parts.ceilings, parts.work)
    assert remarks[0] == "- ResNet-32: auto slots found, in each round, slots × threads: 8 × 1, 16 × 1."
    assert "auto slots are 4.00 / 4.25 / 4.50 times the eager loop, 1 training" in remarks[1]
    assert "400 MFLOP at 8 TFLOP/s is 20,000 images/s" in remarks[3]
    assert "20.0 MB at 400 GB/s 20,000." in remarks[3]


def test_a_loop_without_a_plain_one_in_its_rounds_has_no_ratio(parts: SimpleNamespace) -> None:
    found = {case: samples for case, samples in parts.found.items() if "plain" not in case.variant.name}
    rows = parts.tables.table(found, parts.ceilings, parts.work)[2:]
    assert [row.split(" | ")[4] for row in rows] == ["-", "-"]
