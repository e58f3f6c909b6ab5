"""Pictures of skeletons and of training."""

from typing import TYPE_CHECKING

from ..lazy import names_from

if TYPE_CHECKING:
    from .animation import write_animation
    from .curves import plot_curves
    from .page import write_page
    from .panels import Panel, joint_panel, stream_panels, view_panels
    from .skeletons import plot_clips, plot_panels

__all__ = ['Panel', 'joint_panel', 'plot_clips', 'plot_curves', 'plot_panels', 'stream_panels', 'view_panels',
           'write_animation', 'write_page']
__getattr__ = names_from(__name__, dict(
    Panel='panels', joint_panel='panels', plot_clips='skeletons', plot_curves='curves', plot_panels='skeletons',
    stream_panels='panels', view_panels='panels', write_animation='animation', write_page='page'))
