"""Values of configs that are checked before anything is built."""

import pytest

from hico_mm.errors import UserError
from hico_mm.wiring import load_config

VALIDATION = ('val_dataloader', 'val_cfg', 'val_evaluator')


@pytest.mark.parametrize('options, said', [
    ({'train_cfg.val_begin': 'abc'}, "train_cfg.val_begin must be a whole number of at least 0, got 'abc'"),
    ({'optim_wrapper.accumulative_counts': 0}, 'optim_wrapper.accumulative_counts must be a whole number'),
    ({'optim_wrapper.optimizer.momentum': -1}, 'optim_wrapper.optimizer.momentum must be a number of at least 0'),
    ({'optim_wrapper.optimizer.weight_decay': 'abc'}, "weight_decay must be a number of at least 0, got 'abc'"),
    ({'val_cfg': None}, 'has no val_cfg: val_dataloader, val_cfg, val_evaluator belong together')])
def test_wrong_values_get_one_sentence(options, said):
    with pytest.raises(UserError, match=said):
        load_config('hico_gru_nwucla', options=options)


def test_a_run_may_have_no_validation_at_all():
    assert load_config('hico_gru_nwucla', options=dict.fromkeys(VALIDATION)).val_cfg is None
