"""Recognizer with a head on hierarchical features."""

from typing import Any, Dict, Optional, Sequence, Tuple, Union

from mmaction.models import BaseRecognizer
from mmaction.registry import MODELS
from torch import Tensor, nn

from ...checkpoints import EncoderSource, Origin, check_fit, take_encoder, weights_of
from ...errors import UserError
from ...wiring import complete_model

PARTS = ('backbone', 'neck', 'cls_head')


@MODELS.register_module()
class SkeletonRecognizer(BaseRecognizer):
    """Backbone, neck and head for skeleton clips, some of which can be frozen.

    With ``pretrained``, everything before the head, both config and weights, is taken from a checkpoint, so that
    nothing has to be repeated. Arguments that the configs of the parts omit are completed by the table in
    :mod:`hico_mm.wiring.table`.

    Args:
        backbone: Config of the backbone, or None, the default, if it comes from ``pretrained``.
        neck: Config of the neck; MMAction2's ``RecognizerGCN`` would ignore it. Defaults to None.
        cls_head: Config of the head: ``HierarchicalClsHead`` or ``KNNHead``. Defaults to None.
        frozen: Names of parts that keep their weights and stay in eval mode, such as ``('backbone', 'neck')``.
            They are frozen here, before DDP checks which parameters need gradients. Defaults to none.
        pretrained: A checkpoint to take the encoder from, or a pretraining config (``.py``) for its untrained encoder.
            Defaults to None.
        train_cfg: For MMAction2. Defaults to None.
        test_cfg: For MMAction2. Defaults to None.
        data_preprocessor: Config of the preprocessor. Defaults to ``SkeletonDataPreprocessor``.

    Attributes:
        config: The completed config of the model.
        origin: The :class:`~hico_mm.checkpoints.Origin` of the encoder's weights, or None if they are untrained.

    Raises:
        UserError: if there is no backbone, a frozen part does not exist, or the config contradicts itself or the
            checkpoint.
    """

    def __init__(self,
                 backbone: Optional[dict] = None,
                 neck: Optional[dict] = None,
                 cls_head: Optional[dict] = None,
                 frozen: Sequence[str] = (),
                 pretrained: Optional[str] = None,
                 train_cfg: Optional[dict] = None,
                 test_cfg: Optional[dict] = None,
                 data_preprocessor: Union[dict, nn.Module, None] = None) -> None:
        parts = dict(data_preprocessor=data_preprocessor, backbone=backbone, neck=neck, cls_head=cls_head)
        self._build(parts, dict(frozen=tuple(frozen)), pretrained, train_cfg, test_cfg)

    def _build(self, parts: Dict[str, Any], settings: Dict[str, Any], pretrained: Optional[str] = None,
               train_cfg: Optional[dict] = None, test_cfg: Optional[dict] = None) -> None:
        """Complete the config and build its parts."""
        config = dict(type=type(self), **parts, **settings)
        source = EncoderSource.open(pretrained) if pretrained is not None else None
        config = dict(complete_model(take_encoder(config, source) if source else config), type=type(self).__name__)
        if config['backbone'] is None:
            raise UserError('the recognizer has no encoder: give a checkpoint with hico-mm train CONFIG --pretrained '
                            'CKPT, or with --cfg-options model.pretrained=CKPT in MMAction2\'s own tools')
        super().__init__(
            config['backbone'],
            train_cfg=train_cfg,
            test_cfg=test_cfg,
            data_preprocessor=_build_part(config['data_preprocessor']))  # mmengine would only look in its own registry
        for name in ('neck', 'cls_head'):
            if config.get(name) is not None:
                setattr(self, name, _build_part(config[name]))
        self.config: Dict[str, Any] = config
        self.origin: Optional[Origin] = None
        self._freeze(config.get('frozen', ()))
        self._encoder_weights: Dict[str, Tensor] = {}
        if source is not None and source.checkpoint is not None:
            self._encoder_weights = self._weights_of_encoder(source)
            self.origin = Origin.of(source.path, source.description)
            self.load_state_dict(self._encoder_weights, strict=False)

    def _freeze(self, names: Sequence[str]) -> None:
        for name in names:
            if name not in PARTS:
                raise UserError(f'cannot freeze "{name}": the parts of a recognizer are {list(PARTS)}')
        parts = dict(self.named_children())
        self.frozen = tuple(name for name in names if name in parts)
        for name in self.frozen:
            parts[name].requires_grad_(False)

    def _weights_of_encoder(self, source: EncoderSource) -> Dict[str, Tensor]:
        """Return the weights of a checkpoint that backbone and neck need."""
        assert source.checkpoint is not None
        weights = weights_of(source.checkpoint)
        needed = {name: weight for name, weight in self.state_dict().items()
                  if name.split('.')[0] in ('backbone', 'neck')}
        check_fit(needed, weights, source.path, type(self).__name__)
        return {name: weights[name] for name in needed}

    def init_weights(self) -> None:
        """Initialize as in MMEngine, then load the weights of ``pretrained`` again."""
        super().init_weights()
        self.load_state_dict(self._encoder_weights, strict=False)
        self._encoder_weights = {}

    def train(self, mode: bool = True) -> 'SkeletonRecognizer':
        """Set the mode of everything except the frozen parts, which stay in eval mode."""
        super().train(mode)
        for name in self.frozen:
            getattr(self, name).eval()
        return self

    def extract_feat(self, inputs: Tensor, stage: str = 'neck', **kwargs) -> Tuple:
        """Extract features with first axis N * views, and return them with an empty dict, as MMAction2 expects.

        Args:
            inputs: Skeleton clips (N, views, M, T, V, C).
            stage: 'backbone' for the tokens, 'neck' for the hierarchical features, 'head' for the scores of the head.
                Defaults to 'neck'.
            **kwargs: Ignored; MMAction2 passes ``data_samples`` and ``test_mode``.
        """
        x = self.backbone(inputs.flatten(0, 1))
        if stage != 'backbone' and self.with_neck:
            x = self.neck(x)
        if stage == 'head':
            x = self.cls_head(x)
        return x, {}


def _build_part(config: Any) -> Any:
    """Build a part. An already built part is returned unchanged."""
    return MODELS.build(config) if isinstance(config, dict) else config
