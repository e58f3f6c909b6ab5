"""The unified downsampling module (UDM) of HiCo."""

from torch import Tensor, nn

from ...errors import UserError, check_count


class UDM(nn.Module):
    """Merge neighbouring tokens by convolution, norm, activation and max pooling by 2; eq. 2 of the paper.

    Args:
        channels: Width of the tokens.
        kernel_size: Kernel size of the convolution in tokens; must be odd. Defaults to 5.
        depthwise: Whether to convolve each channel separately, as released; the paper uses a dense convolution.
            Defaults to True.
        norm_first: Whether to apply LayerNorm before the ReLU, as released; the paper applies it after. Defaults to
            True.

    Raises:
        UserError: if the kernel size is not odd.
    """

    def __init__(self, channels: int, kernel_size: int = 5, depthwise: bool = True, norm_first: bool = True) -> None:
        super().__init__()
        check_count(kernel_size, 'udm.kernel_size')
        if kernel_size % 2 == 0:
            raise UserError(f'udm.kernel_size must be odd, got {kernel_size}')
        groups = channels if depthwise else 1
        self.conv = nn.Conv1d(channels, channels, kernel_size, padding=kernel_size // 2, groups=groups)
        self.norm = nn.LayerNorm(channels)
        self.norm_first = norm_first
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool1d(2)

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, S, C) -> (N, S // 2, C)."""
        x = self.conv(tokens.transpose(1, 2)).transpose(1, 2)
        x = self.relu(self.norm(x)) if self.norm_first else self.norm(self.relu(x))
        return self.pool(x.transpose(1, 2)).transpose(1, 2)
