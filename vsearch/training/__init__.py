"""Training one network: schedule, epochs, checkpoints."""
