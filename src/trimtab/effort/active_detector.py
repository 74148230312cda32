"""How likely is each row dirty? A classifier of the rows that were cleaned.

It only reorders: what it says moves chances and guesses, and leaves every estimate unbiased.
"""

import numpy as np

from trimtab.stats.arrays import BoolArray, FloatArray

# with fewer rows of either kind there is nothing to learn from
_MIN_OF_KIND = 5


def dirty_chances(
    facts: FloatArray, cleaned: BoolArray, dirty: BoolArray, *, seed: int
) -> FloatArray:
    """Return the probability of each row to be dirty, in (0, 1).

    A random forest of scikit-learn on the cleaned rows; before it has 5 dirty and 5 clean ones,
    the share of dirty rows is that of all. A poor choice where rows look alike, dirty or not:
    then all get about the same, and nothing is lost.

    Parameters
    ----------
    facts : ndarray, shape (n_rows, n_facts)
        What is known of each row as it came.
    cleaned, dirty : ndarray of bool, shape (n_rows,)
        Whether it was cleaned, and if so whether that changed it.
    seed : int
        Of the forest.
    """
    n_dirty, n_clean = int(dirty[cleaned].sum()), int((~dirty[cleaned]).sum())
    share = (n_dirty + 1) / (n_dirty + n_clean + 2)
    if min(n_dirty, n_clean) < _MIN_OF_KIND:
        return np.full(len(facts), share)
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(n_estimators=50, min_samples_leaf=3, random_state=seed)
    forest.fit(facts[cleaned], dirty[cleaned])
    found = np.asarray(forest.predict_proba(facts)[:, 1], dtype=np.float64)
    # no tree is ever sure of a row that nobody looked at
    return np.asarray((50 * found + share) / 51, dtype=np.float64)
