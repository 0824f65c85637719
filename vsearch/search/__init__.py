"""Samplers, pruners, claims and results of studies: what is decided from the trials of a study."""
