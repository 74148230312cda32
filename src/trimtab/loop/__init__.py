"""Lessons go back: the pipeline, its two human reviews, retraining, and the replay of history.

This is the only room that sees all the others; it holds no statistics and no storage of its own.

- `pipeline.py`: data to a deployed model, as Dagster assets with checks (`trimtab run`).
- `cycle.py`: what happens when a window closes: watch, judge the challenger, train the next.
- `replay.py`: a historical table played through the real server as production traffic.
- `retraining.py`: when to retrain, and on which rows.
- `review.py`: the two questions only a person answers.
- `scaffold.py`: a working project from any table (`trimtab init`); `join_labels.py` lays in labels
  that came later, in a file of their own.
"""
