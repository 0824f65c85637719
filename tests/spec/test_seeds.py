"""Seeds derived from names."""

import itertools

from vsearch.spec.seeds import derive_seed


def test_a_seed_is_the_same_on_every_machine() -> None:
    assert derive_seed("trial", 7) == 6858819711110979173


def test_different_parts_give_different_seeds() -> None:
    parts: list[tuple[int | str, ...]] = [
        (), (1,), ("1",), (1, 2), (2, 1), (12,), ("ab", "c"), ("a", "bc"), ("abc",), (-1,), ("",), ("", ""),
    ]  # fmt: skip
    for left, right in itertools.combinations(parts, 2):
        assert derive_seed(*left) != derive_seed(*right)


def test_seeds_fill_63_bits_and_no_more() -> None:
    seeds = [derive_seed(number) for number in range(500)]
    assert min(seeds) >= 0
    assert max(seeds) < 2**63
    assert max(seeds) > 2**62
