"""Images, read, split, held in memory and augmented in batches. Only `test_split` opens the test split."""

from vsearch.data.load import load_search_data
from vsearch.data.sets import Augmentation, ImageSet, SearchData

__all__ = ["Augmentation", "ImageSet", "SearchData", "load_search_data"]
