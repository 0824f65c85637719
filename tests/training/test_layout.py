"""What may be tried on a device."""

import pytest

from vsearch.training.layout import Layout, cpu_layouts, gpu_layouts


@pytest.mark.parametrize("cores", [1, 2, 3, 6, 16])
def test_no_layout_has_more_threads_than_cores_and_each_number_of_slots_is_tried_once(cores: int) -> None:
    layouts = cpu_layouts(cores)
    assert all(slots * threads <= cores for slots, threads in layouts)
    assert [layout.slots for layout in layouts] == sorted({layout.slots for layout in layouts})
    assert layouts[0] == Layout(1, cores)
    assert layouts[-1] == Layout(cores, 1)


@pytest.mark.parametrize(
    ("slots", "threads", "expected"),
    [
        (3, None, [Layout(3, 2)]),
        (12, None, [Layout(12, 1)]),
        (None, 4, [Layout(2, 4)]),
        (None, 9, [Layout(1, 9)]),
        (5, 5, [Layout(5, 5)]),
    ],
)
def test_what_is_given_on_eight_cores_is_kept(slots: int | None, threads: int | None, expected: list[Layout]) -> None:
    assert cpu_layouts(8, slots, threads) == expected


def test_on_a_gpu_twice_as_many_are_tried_each_time() -> None:
    assert [layout.slots for layout in gpu_layouts()] == [1, 2, 4, 8, 16, 32]
    assert gpu_layouts(slots=5) == [Layout(5, 1)]
