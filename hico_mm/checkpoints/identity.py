"""The identity of an encoder, by which features are known to come from the same one."""

import hashlib
import json
from typing import Any

from ..wiring.complete import plain
from .description import describe_model
from .encoder import FREE, SLOTS


def encoder_hash(model: Any) -> str:
    """Return the SHA-256 of an encoder: its config, how its clips are prepared, and its weights.

    Checkpoints of different tasks have the same hash if their encoder is the same, as after linear evaluation.
    Augmented views, heads and projectors do not count.

    Args:
        model: A model from :func:`~hico_mm.apis.init_model`.
    """
    pipeline = model.cfg.get('load_pipeline')
    described = describe_model(plain(model.cfg.model), None if pipeline is None else plain(pipeline))
    content = json.loads(described.to_json())
    parts = {slot: {key: value for key, value in (content['model'].get(slot) or {}).items() if key not in FREE}
             for slot in SLOTS}
    digest = hashlib.sha256(json.dumps([parts, content['load_pipeline']], sort_keys=True).encode())
    for name, weight in sorted(model.state_dict().items()):
        if name.split('.')[0] in SLOTS:
            array = weight.detach().cpu().contiguous()
            digest.update(f'{name} {tuple(array.shape)} {array.dtype}'.encode())
            digest.update(array.flatten().numpy().tobytes())
    return digest.hexdigest()
