"""A curve, or a network that was confirmed with it, as a folder to take away: weights, card, stand-alone file."""

from vsearch.export.formats import ExportMismatch
from vsearch.export.values import Certainty, ConfirmedNetwork, ExportedCurve, Origin
from vsearch.export.write import export_curve, export_network

__all__ = [
    "Certainty",
    "ConfirmedNetwork",
    "ExportMismatch",
    "ExportedCurve",
    "Origin",
    "export_curve",
    "export_network",
]
