"""The fleet benchmark in parts: databases that are filled, workers that only call, the crowd of them, and one claim."""
