"""vsearch finds the curve over depth that scales the shortcuts of a residual network."""

__version__ = "0.1.0"
