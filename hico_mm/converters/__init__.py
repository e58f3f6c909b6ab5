"""Converters from the raw files of each dataset to MMAction2's skeleton annotations."""

from .convert import Conversion, convert
from .ntu import plan_ntu
from .ntu_benchmarks import BENCHMARKS
from .nwucla import plan_nwucla
from .pku import plan_pku

__all__ = ['BENCHMARKS', 'Conversion', 'convert', 'plan_ntu', 'plan_nwucla', 'plan_pku']
