"""Ways to train many networks on one device, measured against each other by the benchmarks."""
