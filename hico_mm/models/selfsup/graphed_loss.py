"""The loss and its gradients as CUDA graphs."""

import warnings
from typing import Any, Dict, List, Optional

import torch
from torch import Tensor, nn

WARM_UP = 3  # passes before recording, in which libraries choose their kernels and get their memory


class GraphedLoss:
    """Replay the kernels of a loss and of its backward pass, which are recorded once.

    A training step of HiCo starts about two thousand small kernels, and a GPU runs them faster than Python starts them.
    Replaying a CUDA graph starts all of them at once. The results are the same, since the kernels are.

    What the host computes is recorded as a constant. So the loss must not draw random numbers on the CPU, and must not
    depend on values that the host reads from the GPU. If recording fails, a warning says so, and the steps are computed
    as usual.

    Args:
        model: The model, with a method ``compute_losses(inputs)`` that returns a dict of scalars. It may change buffers
            and weights in place.
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._setting: Any = None
        self._recording: Optional[_Recording] = None

    def __deepcopy__(self, memo: dict) -> 'GraphedLoss':
        """Return a copy that records again, since a recording belongs to one model."""
        return GraphedLoss(memo[id(self._model)])

    def __reduce__(self) -> tuple:
        """Pickle without the recording."""
        return GraphedLoss, (self._model, )

    def __call__(self, inputs: Tensor) -> Dict[str, Tensor]:
        """Compute the losses of a training step. Inputs of another shape or type than the first are not replayed.

        Returns:
            A dict of scalars.
        """
        weight = next(self._model.parameters())
        autocast = _autocast_dtype() if torch.is_autocast_enabled() else None
        setting = (weight.data_ptr(), inputs.shape, inputs.dtype, autocast)
        if self._setting is None or self._setting[0] != setting[0]:  # the first step, or the model was moved
            self._setting, self._recording = setting, self._record(inputs, autocast)
        if self._recording is None or self._setting != setting:
            return self._model.compute_losses(inputs)  # type: ignore[operator]
        return dict(zip(self._recording.names, _Replay.apply(self._recording, inputs, *self._recording.weights)))

    def _record(self, inputs: Tensor, autocast: Optional[torch.dtype]) -> 'Optional[_Recording]':
        """Record, then restore what the passes on the way changed."""
        tensors = [*self._model.parameters(), *self._model.buffers()]
        before = [tensor.detach().clone() for tensor in tensors]
        generator = torch.cuda.get_rng_state(inputs.device)
        try:
            return _Recording(self._model, inputs, autocast)
        except RuntimeError as error:
            warnings.warn(f'training without a CUDA graph, which is slower, since recording it failed ({error}); '
                          'cuda_graph=False in the config of the model avoids this message', stacklevel=2)
            return None
        finally:
            torch.cuda.synchronize()
            with torch.no_grad():
                for tensor, value in zip(tensors, before):
                    tensor.copy_(value)
            torch.cuda.set_rng_state(generator, inputs.device)


class _Recording:
    """Two graphs, forward and backward, and the memory from which they read and to which they write."""

    def __init__(self, model: Any, inputs: Tensor, autocast: Optional[torch.dtype]) -> None:
        self.names: List[str] = []
        self.weights = [weight for weight in model.parameters() if weight.requires_grad]
        self.inputs = inputs.clone()
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                losses = self._losses(model, autocast)
                self._gradients(losses, torch.ones_like(losses))
                del losses
        torch.cuda.current_stream().wait_stream(stream)
        self.forward, self.backward = torch.cuda.CUDAGraph(), torch.cuda.CUDAGraph()
        # Other threads, such as that of a loader, may call CUDA meanwhile.
        options: Any = dict(pool=torch.cuda.graph_pool_handle(), stream=stream, capture_error_mode='thread_local')
        with torch.cuda.graph(self.forward, **options):
            losses = self._losses(model, autocast)
        self.grad = torch.ones_like(losses)
        with torch.cuda.graph(self.backward, **options):
            self.gradients = self._gradients(losses, self.grad)
        self.losses = losses.detach()

    def _losses(self, model: Any, autocast: Optional[torch.dtype]) -> Tensor:
        """Return (n,) losses."""
        torch.clear_autocast_cache()  # the casts of weights must be recorded too
        with torch.autocast('cuda', autocast, enabled=autocast is not None):
            losses = model.compute_losses(self.inputs)
        torch.clear_autocast_cache()
        self.names = list(losses)
        return torch.stack([loss.float() for loss in losses.values()])

    def _gradients(self, losses: Tensor, grad: Tensor) -> Any:
        return torch.autograd.grad(losses, self.weights, grad, allow_unused=True)


class _Replay(torch.autograd.Function):
    """The recorded losses as a function of inputs and weights."""

    @staticmethod
    def forward(ctx: Any, recording: _Recording, inputs: Tensor, *weights: Tensor) -> Tensor:
        ctx.recording = recording
        recording.inputs.copy_(inputs)
        recording.forward.replay()
        return recording.losses.clone()  # the next step overwrites the memory of the graph

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        recording = ctx.recording
        recording.grad.copy_(grad)
        recording.backward.replay()
        return (None, None, *(None if gradient is None else gradient.detach() for gradient in recording.gradients))


def _autocast_dtype() -> torch.dtype:
    if hasattr(torch, 'get_autocast_dtype'):  # torch 2.4
        return torch.get_autocast_dtype('cuda')
    return torch.get_autocast_gpu_dtype()
