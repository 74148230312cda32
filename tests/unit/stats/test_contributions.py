import numpy as np
import pytest

from trimtab.stats.bootstrap import bootstrap_auc
from trimtab.stats.contributions import (
    auc_contributions,
    multiclass_auc_contributions,
)
from trimtab.stats.ranking import auc, multiclass_auc


def rows(n=2_000, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.random(n) < 0.2
    return labels, (labels + rng.normal(size=n)).round(1)


def test_their_mean_is_the_metric():
    rng = np.random.default_rng(1)
    labels, scores = rows()
    classes, table = rng.integers(0, 3, 300), rng.dirichlet([1, 1, 1], 300)

    assert auc_contributions(labels, scores).mean() == pytest.approx(auc(labels, scores))
    assert multiclass_auc_contributions(classes, table).mean() == pytest.approx(
        multiclass_auc(classes, table)
    )


def test_their_spread_is_that_of_the_metric():
    labels, scores = rows()
    found = auc_contributions(labels, scores)

    drawn = bootstrap_auc(labels, scores, n_resamples=400, level=0.95, seed=0)

    assert 2 * 1.96 * found.std() / np.sqrt(found.size) == pytest.approx(drawn.width, rel=0.15)


def test_one_class_has_none():
    assert np.isnan(auc_contributions([1, 1], [0.1, 0.2])).all()
    assert np.isnan(multiclass_auc_contributions([1, 1], [[0.5, 0.5], [0.1, 0.9]])).all()


def test_a_score_for_every_label_is_needed():
    with pytest.raises(ValueError, match="scores"):
        auc_contributions([0, 1], [0.5])
