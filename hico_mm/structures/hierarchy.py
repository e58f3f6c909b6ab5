"""The levels of HiCo's hierarchy and their features."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Optional, Sequence, Tuple

from ..errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

BRANCHES = ('temporal', 'spatial')
LEVELS = ('clip', 'part', 'temporal', 'spatial', 'instance')
VECTOR_LEVELS = ('temporal', 'spatial', 'instance')  # those with one vector for a clip
# The branch that each level belongs to; the instance level uses all branches.
BRANCH_OF = {'clip': 'temporal', 'temporal': 'temporal', 'part': 'spatial', 'spatial': 'spatial'}


class HierarchicalFeatures(NamedTuple):
    """Features of a batch at every level. The features of a branch that is switched off are None.

    It is a tuple, so that DDP and torch's tracing find its tensors.

    Args:
        clip: Clip features (B, L, C) of the temporal branch, granularity 1 first (eq. 5 of the paper).
        part: Part features (B, L, C) of the spatial branch.
    """

    clip: Optional[Tensor] = None
    part: Optional[Tensor] = None

    @property
    def temporal(self) -> Tensor:
        """Temporal-domain feature (B, L * C): the concatenated clip features (eq. 6)."""
        return self._require('clip').flatten(1)

    @property
    def spatial(self) -> Tensor:
        """Spatial-domain feature (B, L * C): the concatenated part features (eq. 6)."""
        return self._require('part').flatten(1)

    @property
    def instance(self) -> Tensor:
        """Instance feature (B, branches * L * C), temporal first (eq. 7): the representation for downstream tasks."""
        import torch  # not above: the commands read the names of the levels before torch is loaded

        return torch.cat([x.flatten(1) for x in (self.clip, self.part) if x is not None], dim=1)

    def level(self, name: str) -> Tensor:
        """Return the feature of a level by name, one of ``LEVELS``.

        Raises:
            UserError: if there is no such level, or its branch is switched off.
        """
        check_level(name, LEVELS)
        return self._require(name) if name in ('clip', 'part') else getattr(self, name)

    def _require(self, level: str) -> Tensor:
        feature = getattr(self, level)
        if feature is None:
            raise UserError(f'the {BRANCH_OF[level]} branch is switched off, so there is no {level} feature')
        return feature


class InstanceFeatures(NamedTuple):
    """Features of a batch that only have the instance level.

    Args:
        instance: (B, D).
    """

    instance: Tensor

    def level(self, name: str) -> Tensor:
        """Return the feature of the instance level.

        Raises:
            UserError: if another level is requested.
        """
        if name != 'instance':
            raise UserError(f'there is no {name} level here: this model only has the instance level')
        return self.instance


def check_level(name: str, known: Sequence[str] = VECTOR_LEVELS) -> None:
    """Check the name of a level.

    Raises:
        UserError: if it is not one of those that are known.
    """
    if name not in known:
        raise UserError(f'level must be one of {list(known)}, got {name!r}')


def check_names(given: Sequence[str], known: Sequence[str], what: str) -> Tuple[str, ...]:
    """Return the names in ``given`` in the order of ``known``.

    Raises:
        UserError: if it is empty or contains an unknown name.
    """
    if not given or isinstance(given, str) or not set(given) <= set(known):
        shown = given if isinstance(given, str) else list(given)
        raise UserError(f'{what} must be one or more of {list(known)}, got {shown!r}')
    return tuple(name for name in known if name in given)
