"""The description of a study: data set, network, curve families, budget, sampler, pruner, recipe."""

from vsearch.spec.read import spec_from_dict, spec_from_json
from vsearch.spec.recipe import RECIPES, Recipe
from vsearch.spec.study import StudySpec

__all__ = ["RECIPES", "Recipe", "StudySpec", "spec_from_dict", "spec_from_json"]
