"""The accuracy that a cleaning session promises for new data, looked at after every step."""

import numpy as np
import pytest

from trimtab.effort.cleaning import cleaning_order
from trimtab.stats.certain import certain_predictions

DELTA = 0.2
STREAMS = 200


def one_task(rng):
    """Two noisy classes on a line; the first feature of every second row is lost."""
    labels = rng.integers(0, 2, 24)
    true_rows = rng.normal(size=(24, 2)) + labels[:, None]
    candidates = [
        np.array([row + [2, 0], row, row - [2, 0]]) if i % 2 else row[None]
        for i, row in enumerate(true_rows)
    ]

    def draw(n):
        wanted = rng.integers(0, 2, n)
        return rng.normal(size=(n, 2)) + wanted[:, None], wanted

    points, wanted = draw(4000)
    answers = certain_predictions(true_rows[:, None], labels, points).argmax(axis=1)
    return candidates, labels, draw(40), (answers == wanted).mean()


@pytest.mark.calibration
def test_limits_are_ever_wrong_no_more_often_than_delta():
    rng = np.random.default_rng(0)
    n_wrong = 0
    for _ in range(STREAMS):
        candidates, labels, (queries, wanted), accuracy = one_task(rng)
        session = cleaning_order(candidates, labels, queries, query_labels=wanted, delta=DELTA)
        limits = [session.status().accuracy]
        while step := session.next():
            session.fix(step[0].row, 1)
            limits.append(session.status().accuracy)
        n_wrong += not all(interval.contains(accuracy) for interval in limits)

    # the binomial limits are on the safe side; far fewer errors would mean that they are idle
    assert n_wrong / STREAMS <= DELTA + 3 * np.sqrt(DELTA * (1 - DELTA) / STREAMS)
    assert n_wrong / STREAMS >= 0.03
