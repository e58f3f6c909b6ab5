"""A report of runs: one HTML file to look at features, neighbours and errors."""

from .collect import collect
from .render import render
from .runs import open_run
from .write import write_report

__all__ = ['collect', 'open_run', 'render', 'write_report']
