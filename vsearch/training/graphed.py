"""Training steps recorded once as CUDA graphs and replayed: hundreds of launches of a few microseconds become one.

Several graphs replay side by side, each on a stream of its own. They are recorded on a thread that lives as long as
they do and are let go of together: torch frees cuBLAS workspaces, whose addresses a graph has recorded, with the thread
and with the other graphs of the stream (pytorch#192061, pytorch#193402). Where recording fails, trainings go on with
`EagerSteps`, correct and several times slower, and one warning names the reason.
"""

import gc
import logging
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import torch
from torch import Tensor, nn

from vsearch.data import SearchData
from vsearch.data.augment import EpochPlan
from vsearch.spec.recipe import Recipe
from vsearch.training.state import copy_state
from vsearch.training.static import StaticStep
from vsearch.training.steps import EagerSteps, MakeSteps, Steps

log = logging.getLogger(__name__)

WARM_UP_STEPS = 3
# torch hands out the same 32 streams of a device in turn.
STREAMS = 32

Record = Callable[[Callable[[], None], torch.cuda.Stream | None], Callable[[], None]]
"""Makes of a step, on a stream, what runs it from then on."""

# Entering a recording waits for the whole device, which is illegal while another thread of the process records.
_RECORDING = threading.Lock()
_streams_in_use: set[torch.cuda.Stream] = set()


def choose_steps(device: torch.device) -> MakeSteps:
    """What takes the networks of one study through their epochs on `device`: recorded steps on a GPU."""
    return GraphPool().take if device.type == "cuda" else EagerSteps


def free_memory() -> None:
    """Give back to the device what ended trainings held; never while a step is being recorded, which it would break."""
    with _RECORDING:
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def record_graph(step: Callable[[], None], stream: torch.cuda.Stream | None) -> Callable[[], None]:
    """Run `step` a few times and record it as a CUDA graph; what is returned replays it on the current stream."""
    assert stream is not None
    # On one stream throughout, or autograd and cuBLAS would bring what belongs to another into the graph.
    with torch.cuda.stream(stream):
        for _ in range(WARM_UP_STEPS):
            step()
        graph = torch.cuda.CUDAGraph()
        # Other threads go on training meanwhile; with the mode "global" their allocations would end the recording.
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            step()
    return graph.replay


class Recorded:
    """A step with its stream and what runs it; serves one training after the other."""

    def __init__(self, step: StaticStep, run: Callable[[], None], stream: torch.cuda.Stream | None) -> None:
        self.step, self.run, self.stream = step, run, stream

    @contextmanager
    def in_order(self) -> Iterator[None]:
        """Make its stream the current one, and wait for it at the end."""
        with _current(self.stream):
            try:
                yield
            finally:
                if self.stream is not None:
                    self.stream.synchronize()


class GraphedSteps:
    """The steps of one training, replayed from a recording that it gives back when it is closed."""

    def __init__(self, recorded: Recorded, give_back: Callable[[Recorded], None]) -> None:
        self._recorded, self._give_back = recorded, weakref.finalize(self, give_back, recorded)
        self.network: nn.Module = recorded.step.network
        self.optimiser: torch.optim.Optimizer = recorded.step.optimiser

    def train(self, plan: EpochPlan, rates: Sequence[float], on_step: Callable[[], None]) -> Tensor:
        """The losses of an epoch: see `Steps`."""
        if not self._give_back.alive:
            raise RuntimeError("these steps are closed; another training may have their network")
        recorded = self._recorded
        with recorded.in_order():
            recorded.step.begin_epoch(plan, rates)
            for _ in rates:
                recorded.run()
                on_step()
            return recorded.step.losses[: len(rates)].clone()

    def in_order(self) -> AbstractContextManager[object]:
        """A context in the order of the steps: see `Steps`."""
        return self._recorded.in_order()

    def close(self) -> None:
        """Give the recording to the next training; a second time nothing happens."""
        self._give_back()


class GraphPool:
    """Recorded steps for networks of one shape, data set and recipe on one device; any thread may take and give back.

    A training gets a recording that is free, its tensors filled anew, or else one made for it: as many are made as were
    ever in use at once, and all are kept as long as the pool.

    Args:
        record: records a step; by default as a CUDA graph.
    """

    def __init__(self, record: Record = record_graph) -> None:
        self._record = record
        self._lock = threading.Lock()
        self._free: list[Recorded] = []
        self._refusal: str | None = None
        self._recorder = ThreadPoolExecutor(1, thread_name_prefix="record")

    def take(self, network: nn.Module, data: SearchData, recipe: Recipe, dtype: torch.dtype) -> Steps:
        """Steps that begin with the weights, statistics and scales of `network`; fits `Training(make_steps=…)`.

        The arguments other than `network` must be those of the first call.

        Raises:
            torch.OutOfMemoryError: the device has no room for another recording.
        """
        state = copy_state(network.state_dict())
        with self._lock:
            found = self._free.pop() if self._free else None
        if found is None and self._refusal is None:
            found = self._recorder.submit(self._try_to_make, network, data, recipe, dtype).result()
        if found is None:
            network.load_state_dict(state)
            return EagerSteps(network, data, recipe, dtype)
        steps = GraphedSteps(found, self._take_back)
        with steps.in_order():
            found.step.refill(state)
        return steps

    def _take_back(self, recorded: Recorded) -> None:
        with self._lock:
            self._free.append(recorded)

    def _try_to_make(self, network: nn.Module, data: SearchData, recipe: Recipe, dtype: torch.dtype) -> Recorded | None:
        try:
            with _RECORDING:
                return self._make(network, data, recipe, dtype)
        except RuntimeError as error:
            if _is_out_of_memory(error):
                raise
            self._refusal = str(error).strip() or type(error).__name__
            log.warning("trainings run without CUDA graphs, several times slower: %s", self._refusal.splitlines()[0])
            return None

    def _make(self, network: nn.Module, data: SearchData, recipe: Recipe, dtype: torch.dtype) -> Recorded:
        stream = _stream_of_its_own(data.train.images.device)
        with _current(stream):
            step = StaticStep(network, data, recipe, dtype)
            step.network.train()
            made = Recorded(step, self._record(step.run, stream), stream)
        if stream is not None:
            # The padded images must be there for every other stream.
            stream.synchronize()
            _streams_in_use.add(stream)
            weakref.finalize(made, _streams_in_use.discard, stream)
        return made


def _stream_of_its_own(device: torch.device) -> torch.cuda.Stream | None:
    """A stream of `device` on which no living graph was recorded; None on a CPU, which has none."""
    if device.type != "cuda":
        return None
    # The images may have come by any stream.
    torch.cuda.synchronize(device)
    for number in range(2 * STREAMS):
        stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        if stream not in _streams_in_use:
            return stream
        if number == STREAMS:
            gc.collect()  # pools that nobody has any more
    raise RuntimeError(f"all {STREAMS} streams of {device} have recordings")


@contextmanager
def _current(stream: torch.cuda.Stream | None) -> Iterator[None]:
    if stream is None:
        yield
        return
    with torch.cuda.stream(stream):
        yield


def _is_out_of_memory(error: BaseException | None) -> bool:
    """Also where the recording that it broke has raised something else since."""
    while error is not None and not isinstance(error, torch.OutOfMemoryError):
        error = error.__context__
    return error is not None
