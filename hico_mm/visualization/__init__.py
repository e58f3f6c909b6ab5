"""Pictures of skeletons and of training."""

from .animation import write_animation
from .curves import plot_curves
from .page import write_page
from .panels import Panel, joint_panel, stream_panels, view_panels
from .skeletons import plot_clips, plot_panels

__all__ = ['Panel', 'joint_panel', 'plot_clips', 'plot_curves', 'plot_panels', 'stream_panels', 'view_panels',
           'write_animation', 'write_page']
