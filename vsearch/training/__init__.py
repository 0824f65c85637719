"""Training networks, each by itself and several side by side: schedule, epochs, slots, checkpoints."""
