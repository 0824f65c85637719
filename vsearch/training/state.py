"""Copying the state of a training out, and putting it back only where it belongs."""

from typing import Any

from torch import Tensor, nn, optim

from vsearch.training.checkpoint import CheckpointError


def copy_state(state: Any) -> Any:
    """`state` with every tensor copied, so that training on does not change it."""
    if isinstance(state, Tensor):
        return state.detach().clone()
    if isinstance(state, dict):
        return {key: copy_state(value) for key, value in state.items()}
    if isinstance(state, list | tuple):
        return type(state)(copy_state(value) for value in state)
    return state


def check_identity(state: dict[str, Any], expected: dict[str, int | str]) -> None:
    """Refuse a state whose remaining epochs would not be those of this training.

    Raises:
        CheckpointError: the state names another seed, recipe, number of epochs or split, or none.
    """
    found = state.get("identity") if isinstance(state, dict) else None
    if not isinstance(found, dict):
        raise CheckpointError("the checkpoint holds no training; delete it to start the trial again")
    for name, value in expected.items():
        if found.get(name) != value:
            raise CheckpointError(
                f"the checkpoint belongs to another training: its {name} is {found.get(name)!r}, "
                f"this training's is {value!r}; delete it to start the trial again"
            )


def restore(state: dict[str, Any], network: nn.Module, optimiser: optim.Optimizer) -> None:
    """Put the weights and the momentum of `state` into `network` and `optimiser`.

    Raises:
        CheckpointError: they do not fit, being of another depth or number of classes.
    """
    try:
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(copy_state(state["optimiser"]))
    except (LookupError, RuntimeError, ValueError, TypeError, AttributeError) as error:
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CheckpointError(f"the checkpoint does not fit this network ({first_line})") from error
