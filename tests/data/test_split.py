import hashlib
from itertools import pairwise

import numpy as np
import pytest

from vsearch.data.split import (
    VALIDATION_PERCENT,
    Split,
    hold_out,
    hold_out_test,
    split_digest,
    stratified_order,
    subset,
    whole_split,
)
from vsearch.errors import InputError

EVEN = np.arange(1000, dtype=np.int64) % 10
# As uneven as 60 : 30 : 9 : 1.
UNEVEN = np.repeat(np.arange(4, dtype=np.int64), [600, 300, 90, 10])


def test_split_holds_out_a_tenth_of_every_class_and_loses_no_image() -> None:
    split = whole_split(EVEN, 0)
    assert np.bincount(EVEN[split.validation]).tolist() == [10] * 10
    assert sorted([*split.train, *split.validation]) == list(range(1000))


def test_split_keeps_the_proportions_of_uneven_classes() -> None:
    assert np.bincount(UNEVEN[whole_split(UNEVEN, 3).validation]).tolist() == [60, 30, 9, 1]


def test_index_lists_are_sorted() -> None:
    split = whole_split(UNEVEN, 1)
    assert (np.diff(split.train) > 0).all()
    assert (np.diff(split.validation) > 0).all()


def test_split_of_a_seed_never_changes() -> None:
    """Recorded once: trials of different machines and releases are compared on these images."""
    assert split_digest(whole_split(EVEN, 0)) == "73385f8074479dd727b1fce5e29664d62cd32e6d9212f423cdc5da034fa0f4cb"
    assert (
        split_digest(whole_split(UNEVEN, 2**32 - 1))
        == "b007f0d50eb935dff1336ecbe0223a5f9c12371f628ade0df02c81d4baf0d7d8"
    )


def test_split_does_not_touch_numpys_global_random_state() -> None:
    np.random.seed(7)
    before = np.random.random_sample()
    np.random.seed(7)
    whole_split(EVEN, 0)
    assert np.random.random_sample() == before


def test_another_seed_gives_another_split() -> None:
    assert split_digest(whole_split(EVEN, 0)) != split_digest(whole_split(EVEN, 1))


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seed_out_of_range_is_refused(seed: int) -> None:
    with pytest.raises(InputError, match=rf"split_seed is {seed}; it must lie in 0 … 4294967295"):
        whole_split(EVEN, seed)


def test_test_split_is_a_fixed_fifth() -> None:
    train, test = hold_out_test(EVEN)
    assert np.bincount(EVEN[test]).tolist() == [20] * 10
    assert sorted([*train, *test]) == list(range(1000))


def test_at_least_one_image_is_held_out() -> None:
    kept, held_out = hold_out(np.array([0, 0, 1]), VALIDATION_PERCENT, 0)
    assert (len(kept), len(held_out)) == (2, 1)


def test_a_class_of_one_image_is_trained_on() -> None:
    labels = np.array([0] * 50 + [1] * 50 + [2])
    assert 100 in hold_out(labels, VALIDATION_PERCENT, 0)[0]


@pytest.mark.parametrize("labels", [EVEN, UNEVEN])
def test_smaller_subset_is_part_of_a_larger_one(labels: np.ndarray) -> None:
    part = whole_split(labels, 0).train
    sizes = [10, 11, 57, 300, 899, 900]
    taken = [set(subset(part, labels, size, "train_images", 0).tolist()) for size in sizes]
    assert [len(images) for images in taken] == sizes
    assert all(small <= large for small, large in pairwise(taken))
    assert taken[-1] == set(part.tolist())


def test_subset_is_stratified() -> None:
    part = whole_split(UNEVEN, 0).train
    assert np.bincount(UNEVEN[subset(part, UNEVEN, 100, "train_images", 0)]).tolist() == [60, 30, 9, 1]


def test_smallest_subset_has_one_image_of_each_class() -> None:
    part = whole_split(UNEVEN, 0).train
    assert np.bincount(UNEVEN[subset(part, UNEVEN, 4, "train_images", 0)]).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("count", [3, 901, 0, -5])
def test_subset_out_of_range_is_refused(count: int) -> None:
    with pytest.raises(InputError, match=rf"train_images is {count}; .* 4 \(one per class\) … 900"):
        subset(whole_split(UNEVEN, 0).train, UNEVEN, count, "train_images", 0)


def test_every_beginning_of_the_order_is_within_one_image_of_the_proportions() -> None:
    order = stratified_order(UNEVEN, 0)
    shares = np.array([0.6, 0.3, 0.09, 0.01])
    for count in range(1, 1000):
        found = np.bincount(UNEVEN[order[:count]], minlength=4)
        assert (abs(found - shares * count) < 1.5).all()


def test_digest_is_sha256_over_lengths_and_indices() -> None:
    words = np.array([2, 0, 5, 1, 3], dtype="<i8").tobytes()
    split = Split(np.array([0, 5]), np.array([3]))
    assert split_digest(split) == hashlib.sha256(words).hexdigest()
