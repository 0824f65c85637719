"""Figures and reports: pure functions of curves and studies, and the files they are written to."""
