"""What two processes tell each other while they train."""

import torch

from tests.helpers import losses_on


def test_losses_are_averaged_and_numbers_agreed_on_a_step_later(tmp_path):
    torch.multiprocessing.spawn(losses_on, (str(tmp_path), ), nprocs=2)
    for rank in (0, 1):
        outputs, agreed = torch.load(tmp_path / f'{rank}.pth', weights_only=True)
        assert outputs['loss'] == 0.5 and outputs['loss_clip'] == 5 and outputs['text'] == 'kept'
        assert agreed == [0, 1, 3, 0]
