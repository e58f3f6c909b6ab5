"""Complete and check configs: sizes are passed from one part of a model to the others."""

from .complete import (
    clip_len_of_views,
    complete_config,
    complete_model,
    complete_transforms,
    skeleton_datasets,
)
from .loading import check_parts, load_config, run_name
from .misspelt import check_argument, check_options, check_spelling
from .reading import read_config
from .schedule import scale_schedule
from .sizes import is_a
from .values import check_values

__all__ = ['check_argument', 'check_options', 'check_parts', 'check_spelling', 'check_values', 'clip_len_of_views',
           'complete_config', 'complete_model', 'complete_transforms', 'is_a', 'load_config', 'read_config', 'run_name',
           'scale_schedule', 'skeleton_datasets']
