import importlib.util

import numpy as np
import pytest

from trimtab.core.errors import MissingExtraError
from trimtab.stats import deep_kernel_mmd

HAS_TORCH = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="needs PyTorch: the extra `deep`")


@pytest.mark.skipif(HAS_TORCH, reason="PyTorch is here")
def test_without_pytorch_the_message_says_what_to_install():
    with pytest.raises(MissingExtraError, match="expected the package `torch`") as caught:
        deep_kernel_mmd(np.zeros((9, 2)), np.zeros((9, 2)))

    assert caught.value.hint == "Run `pip install 'trimtab[deep]'`."


def test_no_steps_are_refused():
    with pytest.raises(ValueError, match="at least 1 of `steps`, got 0"):
        deep_kernel_mmd(np.zeros((9, 2)), np.zeros((9, 2)), steps=0)


@needs_torch
def test_a_change_of_spread_is_found_and_sized():
    rng = np.random.default_rng(0)
    found = deep_kernel_mmd(rng.normal(size=(200, 2)), 2 * rng.normal(size=(200, 2)), steps=50)

    assert found.p_value == pytest.approx(1 / 101)
    assert found.effect_size > 0.3
    assert (found.n_reference, found.n_current, found.permutations) == (200, 200, 100)


@needs_torch
def test_the_same_seed_gives_the_same_answer_and_leaves_the_global_generator_alone():
    import torch

    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(60, 3)), rng.normal(size=(70, 3))
    before = torch.random.get_rng_state()

    assert deep_kernel_mmd(x, y, steps=5, seed=4) == deep_kernel_mmd(x, y, steps=5, seed=4)
    assert torch.equal(before, torch.random.get_rng_state())


@needs_torch
def test_the_kernel_that_is_tested_is_the_one_that_was_trained():
    import torch

    from trimtab.stats.deep_kernel import _Learner

    rng = np.random.default_rng(2)
    rows = rng.normal(size=(80, 3))
    learner = _Learner(torch, rows, 40, rng)
    for _ in range(20):
        learner.step()
    trained = learner._batch_kernel(learner._tensor(rows)).detach().cpu().numpy()
    tested = learner.kernel(rows)(slice(0, 80), slice(0, 80))

    np.testing.assert_allclose(tested, trained, atol=1e-4)
    assert np.diag(tested) == pytest.approx(1)


@needs_torch
def test_constants_and_few_rows_break_nothing():
    constant = deep_kernel_mmd(np.full((30, 3), 0.1), np.full((40, 3), 0.1), steps=5)
    few = deep_kernel_mmd(np.zeros((7, 3)), np.zeros((40, 3)))

    assert constant.p_value == 1
    assert np.isnan(few.p_value)
