"""Numbers only: arrays in, frozen results out; no files, no clock, no global state.

The room's guide. Nothing is imported here, so that `import trimtab` stays fast: import from
the module that has the word you are looking for. The tests of whole rows are also names of the
room itself, imported when first used: `from trimtab.stats import mmd`.

====================  ======================================================================
`interval`            the record that every estimate with limits comes back in
`bounds`              limits for a mean with an (epsilon, delta) promise; `block_interval`
`test_set_bounds`     rows that a test set needs: Bennett's bound, the exact binomial one
`sequential`          limits for a mean that hold at every moment at once, by betting
`exact_share`         limits for a share of independent rows, exact at every size
`bootstrap`           limits for any metric that can be computed from row weights
`ranking`             area under the ROC curve: exact with ties, fast for many weightings
`contributions`       what each row adds to an area under the ROC curve
`losses`              one loss a row, in [0, 1] where it can be, and skill scores
`calibration`         do events forecast at 30 % happen 30 % of the time?
`moments`             mean to kurtosis of parts that add up to those of the whole
`log_linear`          histograms whose cells are the same for every data set
`distinct`            how many different values there are
`bins`                cut points from a reference; counts over them, missing values apart
`distances`           how far two histograms are from each other
`permutation`         any distance of two histograms as a test
`two_sample`          are two samples of numbers from one distribution?
`numbers`             two columns of numbers compared in one go, a picture included
`levels`              counts of named levels compared; new and vanished levels
`shares`              are two shares of rows one share?
`mean_discrepancy`    `mmd`: are two samples of whole rows from one distribution?
`deep_kernel`         `deep_kernel_mmd`: the same with a learned kernel (extra `deep`)
`density_difference`  `lsdd`: how far apart are two densities?
`domain_classifier`   `classifier_test`: can a classifier tell the samples apart?
`reconstruction`      `pca_reconstruction_test`: do rows fit the principal components?
`mean_embedding`      `mean_embedding_test`: did the mean of an embedding move?
`blocks`              is this day unlike the days before it, or only a day like others?
`block_summaries`     the same for one number a block: a mean, a null share, a volume
`certain`             what k nearest neighbours say in every possible repair of a table
`neighbours`          the nearest row of each query, as rows arrive in batches
`bayes_error`         the least error that any model can have, from nearest neighbours
`learning_curve`      an error's fall with rows, and what more rows would bring
`label_model`         labels from votes, and how often each source is right, without truth
`label_noise`         what wrong labels do to an error, and to the least error
`class_noise`         the same where a matrix says which labels go wrong; `surest_rows`: estimated
`label_errors`        labels that are probably wrong; `confident`: how labels are confused
`selection`           which of several models is best, with as few labels as possible
`convex_models`       linear models with convex losses, and the gradients of rows and means
`gradient_sampling`   an unbiased mean from few rows, drawn by size, with limits
`multiplicity`        p-values corrected for having asked many questions
====================  ======================================================================

Plumbing: `arrays` (checked arrays), `laws` and `kolmogorov` (quantiles and tails), `resampling`
(the engine of the bootstrap), `multivariate` and `kernels` (what the tests of whole rows share);
`betting` (the engine of `sequential`); `certain_*`, `vote_*`, `votes`, `dawid_skene`, `triplet`,
`label_fits` and `label_warnings` are parts of `certain` and `label_model`, `noise_blocks` of
`label_errors`, `label_blocks` of it and of `label_model`, `matrix_faults` of `class_noise`,
`convex_losses` and `gradient_guesses` of `convex_models`, `asking` and `contest_bets` of
`selection`; `grids`, `pooled`, `cells` and `transport` count and compare numbers without sorting
them.

Three habits hold throughout:

- **Blocks.** Rows of one day, user or device depend on each other. Functions that quantify
  doubt take `blocks`, one key a row, and count blocks as the sample size.
- **Not enough data is an answer, not a crash.** With too few blocks, limits are infinite and
  an undefined metric is NaN. `ValueError` is for arguments that no data could make right.
- **A promise is tested.** Each stated error rate is measured in `tests/calibration`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trimtab.stats.deep_kernel import deep_kernel_mmd as deep_kernel_mmd
    from trimtab.stats.density_difference import lsdd as lsdd
    from trimtab.stats.domain_classifier import classifier_test as classifier_test
    from trimtab.stats.mean_discrepancy import mmd as mmd
    from trimtab.stats.mean_embedding import mean_embedding_test as mean_embedding_test
    from trimtab.stats.multivariate import MultivariateResult as MultivariateResult
    from trimtab.stats.reconstruction import pca_reconstruction_test as pca_reconstruction_test

_PLACES = {
    "MultivariateResult": "multivariate",
    "mmd": "mean_discrepancy",
    "deep_kernel_mmd": "deep_kernel",
    "lsdd": "density_difference",
    "classifier_test": "domain_classifier",
    "pca_reconstruction_test": "reconstruction",
    "mean_embedding_test": "mean_embedding",
}

__all__ = list(_PLACES)


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'trimtab.stats' has no attribute {name!r}")
    return getattr(import_module(f"trimtab.stats.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PLACES])
