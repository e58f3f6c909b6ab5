"""Models."""

from .backbones import *  # noqa: F401,F403
from .data_preprocessor import SkeletonDataPreprocessor  # noqa: F401
from .encoders import *  # noqa: F401,F403
from .heads import *  # noqa: F401,F403
from .losses import *  # noqa: F401,F403
from .necks import *  # noqa: F401,F403
from .projectors import *  # noqa: F401,F403
from .recognizers import *  # noqa: F401,F403
from .selfsup import *  # noqa: F401,F403
