"""The config of a model as it travels in a checkpoint."""

import json

from mmengine.config import Config


def model_config(config: Config) -> str:
    """The ``model`` of a config as JSON: plain data, nothing to execute."""
    return json.dumps(dict(model=Config(dict(model=config.model)).to_dict()['model']))
