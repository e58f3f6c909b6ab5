from types import SimpleNamespace

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


def test_all_ranks_shuffle_with_the_seed_of_the_first(monkeypatch):
    """With diff_rank_seed, a rank has a seed of its own, and clips would be dealt twice or not at all."""
    class Rank(FakeRunner):
        train_dataloader = SimpleNamespace(sampler=SimpleNamespace(seed=0))

    monkeypatch.setattr('hico_mm.engine.hooks.step_seed_hook.broadcast', lambda seed: seed.fill_(5))
    StepSeedHook().before_train(Rank())
    assert Rank.train_dataloader.sampler.seed == 5
