"""What an encoder costs."""

import torch
from mmaction.registry import MODELS

from hico_mm.apis.cost import matrix_products, measure_cost
from tests.helpers import small_model


def test_counts_the_products_of_a_clip():
    model = MODELS.build(small_model()).eval()
    counts, seen = matrix_products(model), []

    def count(module, inputs, output):
        seen.append(inputs[0].shape[:-1].numel() * module.weight.numel())

    for embedding in model.backbone.embeddings.values():
        for layer in embedding:
            if isinstance(layer, torch.nn.Linear):
                layer.register_forward_hook(count)
    model.backbone(torch.randn(1, *model.backbone.clip_shape))
    assert sum(seen) == counts['embedding']


def test_measures_the_encoder_alone():
    model = MODELS.build(small_model()).eval()
    found = measure_cost(model)
    assert found.parameters == sum(p.numel() for part in (model.backbone, model.neck) for p in part.parameters())
    assert found.flops > 0 and found.clips_per_second > 0
