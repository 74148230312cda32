"""What gates cost and promise, by simulation: each module is run with `python -m`.

`labels_saved` counts the labels of a sequential gate beside those of the fixed size, `reuse`
the wrong promotions after many looks at one test set, `speed` the time of a plan and a decision.
"""
