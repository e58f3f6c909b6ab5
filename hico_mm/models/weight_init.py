"""The initial weights of HiCo."""

from torch import nn


def xavier_init_(module: nn.Module) -> None:
    """Initialize every 2-D parameter, including recurrent and attention matrices, by Xavier's uniform rule.

    Biases, norms and convolutions keep torch's defaults, as in the released code.
    """
    for parameter in module.parameters():
        if parameter.ndim == 2:
            nn.init.xavier_uniform_(parameter)
