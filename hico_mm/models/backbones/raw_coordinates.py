"""The baseline of raw coordinates, which a representation has to beat."""

from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor

from ...structures import InstanceFeatures


@MODELS.register_module()
class RawCoordinates(BaseModule):
    """No encoder: the instance feature consists of the coordinates, normalised and resized as for an encoder.

    With ``KNNHead``, the model is a nearest-neighbour search on raw coordinates; with ``HierarchicalClsHead``, it is a
    linear classifier of them. It has no weights and needs no neck.
    """

    def forward(self, x: Tensor) -> InstanceFeatures:
        """Flatten clips (N, M, T, V, C) to instance features (N, M * T * V * C)."""
        return InstanceFeatures(x.flatten(1))
