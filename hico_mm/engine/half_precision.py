"""Mixed precision: bfloat16 on processors and GPUs that compute with it, float16 on older GPUs."""

from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Optional

import torch
from mmaction.registry import OPTIM_WRAPPERS
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.optim import OptimWrapper
from torch import nn

from ..errors import UserError

CPU_INFO = Path('/proc/cpuinfo')
CPU_FLAGS = {'avx512_bf16', 'amx_bf16', 'bf16'}  # of x86, of x86 with AMX, and of Arm


@OPTIM_WRAPPERS.register_module()
class Bf16OptimWrapper(OptimWrapper):
    """Train with autocast to bfloat16, on a CPU or a GPU.

    bfloat16 has the range of float32, so the loss needs no scaling, which is why MMEngine's ``AmpOptimWrapper`` is not
    needed; that one does not work on a CPU. Weights, their gradients and the optimizer's state stay in float32, as do
    the views, the losses, the queues and the average of the key encoder's weights.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Run the forward pass of a step, with autocast."""
        device = next(model.parameters()).device.type
        with super().optim_context(model), torch.autocast(device, torch.bfloat16):
            yield


def half_dtype(device: str) -> torch.dtype:
    """Return the type for mixed precision on a device: bfloat16, or float16 on GPUs without it.

    Args:
        device: Type of the device, such as 'cpu' or 'cuda'.

    Raises:
        UserError: if it is the CPU, which has no instructions for bfloat16.
    """
    if device == 'cuda':
        return torch.bfloat16 if torch.cuda.get_device_capability() >= (8, 0) else torch.float16
    if device == 'cpu' and not computes_in_bfloat16():
        raise UserError('--amp needs a GPU, or a processor with instructions for bfloat16 (avx512_bf16 or amx_bf16 in '
                        f'{CPU_INFO}); this one has none, so it would only be slower: leave --amp out')
    return torch.bfloat16


def computes_in_bfloat16() -> bool:
    """Return whether the processor has instructions for bfloat16; without them, it is slower than float32."""
    if not CPU_INFO.is_file():
        return False
    lines = (line.partition(':') for line in CPU_INFO.read_text().splitlines())
    return any(key.strip() in ('flags', 'Features') and CPU_FLAGS & set(flags.split()) for key, _, flags in lines)


def use_half_precision(config: Config) -> None:
    """Make a config train with mixed precision, in place.

    Raises:
        UserError: if this machine cannot, or the config has an optimizer wrapper of another kind.
    """
    wanted = 'Bf16OptimWrapper' if half_dtype(get_device()) == torch.bfloat16 else 'AmpOptimWrapper'
    kind = config.optim_wrapper.get('type', 'OptimWrapper')
    if kind not in ('OptimWrapper', 'AmpOptimWrapper', 'Bf16OptimWrapper'):
        raise UserError(f'--amp replaces OptimWrapper, but optim_wrapper.type is {kind}: leave --amp out')
    if kind == 'AmpOptimWrapper' and wanted != kind:  # bfloat16 needs no scaled loss
        for name in 'loss_scale', 'dtype':
            config.optim_wrapper.pop(name, None)
    config.optim_wrapper.type = wanted
    if wanted == 'AmpOptimWrapper':
        config.optim_wrapper.setdefault('loss_scale', 'dynamic')


@contextmanager
def half_precision(enabled: bool, device: Optional[torch.device] = None) -> Iterator[None]:
    """Test or encode with mixed precision, if ``enabled``.

    Args:
        enabled: Whether to use it.
        device: Device of the model. Defaults to None, the device that MMEngine chooses.

    Raises:
        UserError: if this machine cannot.
    """
    if not enabled:
        yield
        return
    kind = get_device() if device is None else device.type
    with torch.autocast(kind, half_dtype(kind)):
        yield
