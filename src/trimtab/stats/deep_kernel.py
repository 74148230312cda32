"""Maximum mean discrepancy with a kernel that a small network learns on half of the rows.

Needs PyTorch (the extra `deep`), for the training alone: the test itself is that of `mmd`.
"""

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from trimtab.core.errors import MissingExtraError
from trimtab.stats.arrays import FloatArray
from trimtab.stats.kernels import (
    KernelBlock,
    Numbers,
    gaussian_kernel,
    median_distance,
    relabelled_mmd,
    witness_effect,
)
from trimtab.stats.multivariate import (
    MultivariateResult,
    as_row_pair,
    permutation_p_value,
    relabellings,
    standardised,
)

UNIT = "standard deviations"
# rows of each sample in one step of training
_MAX_BATCH = 128
_MIN_HIDDEN = 50
_LEARNING_RATE = 2e-3
# the share of the plain Gaussian kernel that training starts from
_START_SHARE = 0.01


def deep_kernel_mmd(
    x: ArrayLike, y: ArrayLike, *, permutations: int = 100, seed: int = 0, steps: int = 500
) -> MultivariateResult:
    r"""Test two samples of rows for one distribution with a kernel learned for the question.

    The kernel is :math:`[(1 - e) \, \kappa(\phi(a), \phi(b)) + e] \, q(a, b)`, with Gaussian
    :math:`\kappa` and :math:`q`, and :math:`\phi` a network of four layers. A random half of
    each sample trains network, widths and e to the largest estimated power (MMD over its
    standard deviation under the alternative); the other half is tested with the kernel fixed, as
    in `trimtab.stats.mmd`. So the p-value is exact for independent rows, however well or
    badly training went.

    Finds fine differences that a kernel of one width blurs: how columns depend on each other
    within each of many groups, for example. Needs hundreds of rows to learn from. A poor choice
    for few rows and for plain shifts, where half the rows are wasted on learning what the
    median distance would do; and where the answer must be the same on every machine, since
    training rounds differently on different hardware.

    Parameters
    ----------
    x, y : array_like of float, shape (n, d) and (m, d)
        Reference and current rows. A row with a NaN is left out.
    permutations : int, default=100
        Relabellings to draw. The p-value is at least 1 / (1 + permutations).
    seed : int, default=0
        Seed of the split, the training and the relabellings.
    steps : int, default=500
        Steps of training, with up to 128 rows of each sample in each.

    Returns
    -------
    MultivariateResult
        With the effect size of `mmd`, on the tested half. All NaN with fewer than 8 rows on a
        side.

    Raises
    ------
    MissingExtraError
        If PyTorch is not installed.
    ValueError
        If an array is not two-dimensional, the widths differ, a value is infinite, or
        `permutations` or `steps` is below 1.

    References
    ----------
    .. [1] F. Liu, W. Xu, J. Lu, G. Zhang, A. Gretton and D. J. Sutherland, "Learning deep
       kernels for non-parametric two-sample tests", ICML (2020).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(200, 2)), 2 * rng.normal(size=(200, 2))
    >>> deep_kernel_mmd(x, y, steps=50).p_value  # doctest: +SKIP
    0.009900990099009901
    """
    if steps < 1:
        raise ValueError(f"expected at least 1 of `steps`, got {steps}")
    torch = _torch()
    reference, current = as_row_pair(x, y)
    n, m = len(reference), len(current)
    if n < 8 or m < 8:
        return MultivariateResult.unknown(n, m, UNIT)
    rng = np.random.default_rng((seed, 3))
    reference, current = rng.permutation(reference), rng.permutation(current)
    training = np.concatenate([reference[: n // 2], current[: m // 2]])
    tested = np.concatenate([reference[n // 2 :], current[m // 2 :]])
    learner = _Learner(torch, standardised(training, training), n // 2, rng)
    for _ in range(steps):
        learner.step()
    labels = relabellings(n - n // 2, m - m // 2, permutations, seed)
    statistics, witness = relabelled_mmd(learner.kernel(standardised(tested, training)), labels)
    effect = witness_effect(witness, labels[0])
    p_value = permutation_p_value(statistics)
    return MultivariateResult(float(statistics[0]), p_value, n, m, effect, UNIT, permutations)


class _Learner:
    """The kernel's parameters, and how a batch improves them."""

    def __init__(
        self, torch: Any, rows: FloatArray, n_reference: int, rng: np.random.Generator
    ) -> None:
        self._torch, self._rng, self._n_reference = torch, rng, n_reference
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._rows = self._tensor(rows)
        n_columns = rows.shape[1]
        hidden = max(_MIN_HIDDEN, 3 * n_columns)
        sizes = [n_columns, hidden, hidden, hidden, hidden]
        # weights from our own generator: the global one of PyTorch stays as it is
        self._layers = [
            (
                self._parameter(rng.normal(size=(a, b)) / np.sqrt(a)),
                self._parameter(np.zeros(b)),
            )
            for a, b in zip(sizes[:-1], sizes[1:], strict=True)
        ]
        self._share = self._parameter(np.log(_START_SHARE / (1 - _START_SHARE)))
        self._log_width = self._parameter(_log_width(rows))
        self._log_feature_width = self._parameter(_log_width(self._features(rows)))
        parameters = [weight for layer in self._layers for weight in layer]
        parameters += [self._share, self._log_width, self._log_feature_width]
        self._optimiser = torch.optim.Adam(parameters, lr=_LEARNING_RATE)

    def step(self) -> None:
        """Move the parameters to where a batch says that the test has more power."""
        n, m = self._n_reference, len(self._rows) - self._n_reference
        size = min(n, m, _MAX_BATCH)
        chosen = self._rng.permutation(n)[:size], n + self._rng.permutation(m)[:size]
        kernel = self._batch_kernel(self._rows[np.concatenate(chosen)])
        across = kernel[:size, size:]
        pairs = kernel[:size, :size] + kernel[size:, size:] - across - across.T
        off_diagonal = pairs.sum() - pairs.diagonal().sum()
        discrepancy = off_diagonal / (size * (size - 1))
        variance = 4 / size**3 * (pairs.sum(1) ** 2).sum() - 4 / size**4 * pairs.sum() ** 2
        loss = -discrepancy / (variance.clamp(min=0) + 1e-8).sqrt()
        self._optimiser.zero_grad()
        loss.backward()
        self._optimiser.step()

    def kernel(self, rows: FloatArray) -> KernelBlock:
        """Return the blocks of the kernel as learned."""
        plain = gaussian_kernel(rows, _exp(self._log_width))
        learned = gaussian_kernel(self._features(rows), _exp(self._log_feature_width))
        share = 1 / (1 + _exp(-self._share))

        def block(some: slice, others: slice) -> Numbers:
            values = learned(some, others)
            values *= 1 - share
            values += share
            values *= plain(some, others)
            return values

        return block

    def _batch_kernel(self, rows: Any) -> Any:
        share = self._torch.sigmoid(self._share)
        learned = _gaussian(self._network(rows), self._log_feature_width)
        return ((1 - share) * learned + share) * _gaussian(rows, self._log_width)

    def _network(self, rows: Any) -> Any:
        for weights, offsets in self._layers[:-1]:
            rows = self._torch.nn.functional.softplus(rows @ weights + offsets)
        weights, offsets = self._layers[-1]
        return rows @ weights + offsets

    def _features(self, rows: FloatArray) -> FloatArray:
        with self._torch.no_grad():
            features = self._network(self._tensor(rows)).cpu().numpy()
        return np.asarray(features, dtype=np.float64)

    def _tensor(self, values: Any) -> Any:
        return self._torch.tensor(values, dtype=self._torch.float32, device=self._device)

    def _parameter(self, values: Any) -> Any:
        return self._tensor(values).requires_grad_()


def _gaussian(rows: Any, log_width: Any) -> Any:
    norms = (rows**2).sum(1)
    squares = (norms[:, None] + norms - 2 * rows @ rows.T).clamp(min=0)
    return (-squares / 2 * (-2 * log_width).exp()).exp()


def _log_width(rows: FloatArray) -> float:
    width = median_distance(rows, seed=0)
    return float(np.log(width)) if width > 0 else 0.0  # NaN where all rows are equal


def _exp(value: Any) -> float:
    return float(value.detach().exp())


def _torch() -> Any:
    try:
        return import_module("torch")
    except ModuleNotFoundError:
        raise MissingExtraError(
            "expected the package `torch` to learn a kernel, found none",
            hint="Run `pip install 'trimtab[deep]'`.",
        ) from None
