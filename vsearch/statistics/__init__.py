"""How sure a difference is: paired differences, power, a sequential rule, ranks; scipy is loaded when used."""

from vsearch.statistics.confidence import confidence_sequence
from vsearch.statistics.interval import Interval
from vsearch.statistics.paired import PairedDifference, paired_difference
from vsearch.statistics.power import detectable_difference, pairs_needed, power_of
from vsearch.statistics.prospects import Prospects, prospects
from vsearch.statistics.ranks import RankCorrelation, rank_correlation
from vsearch.statistics.sequential import Decision, NextStep, next_step

__all__ = [
    "Decision",
    "Interval",
    "NextStep",
    "PairedDifference",
    "Prospects",
    "RankCorrelation",
    "confidence_sequence",
    "detectable_difference",
    "next_step",
    "paired_difference",
    "pairs_needed",
    "power_of",
    "prospects",
    "rank_correlation",
]
