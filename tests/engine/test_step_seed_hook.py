import torch

from hico_mm.engine.hooks import StepSeedHook, step_seed


class FakeRunner:
    seed, iter = 7, 3


def test_seeds_differ_by_seed_rank_and_iteration():
    seeds = {step_seed(seed, rank, iteration) for seed in range(4) for rank in range(4) for iteration in range(50)}
    assert len(seeds) == 4 * 4 * 50 and all(0 <= seed < 2 ** 63 for seed in seeds)


def test_what_was_drawn_before_does_not_matter():
    hook, draws = StepSeedHook(), []
    for warm_up in (0, 5):
        torch.rand(warm_up)
        hook.before_train_iter(FakeRunner(), 0)
        draws.append(torch.rand(3))
    assert (draws[0] == draws[1]).all()
