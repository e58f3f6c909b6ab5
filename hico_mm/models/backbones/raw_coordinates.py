"""The baseline that a representation has to beat."""

from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor

from ...structures import InstanceFeatures


@MODELS.register_module()
class RawCoordinates(BaseModule):
    """No encoder: the instance feature is the coordinates themselves, normalised and resized as an encoder gets them.

    With ``KNNHead`` it is a nearest neighbour search on raw coordinates, with ``HierarchicalClsHead`` a linear
    classifier of them. It has no weights and needs no neck.
    """

    def forward(self, x: Tensor) -> InstanceFeatures:
        """(N, M, T, V, C) -> instance (N, M * T * V * C)."""
        return InstanceFeatures(x.flatten(1))
