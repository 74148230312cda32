"""A challenger earns its place: how much evidence it takes, the decision, and who looked.

================  ========================================================================
`gain_plan`       rows or blocks that a gate needs before it can see a gain of a given size
`gain`            challenger against champion on the same rows: *pass*, *fail*, *not enough data*
`rank`            the same for how well two models rank: the gate of binary tasks
`ledger`          every look at a test set, kept for good; past the agreed number, no more
================  ========================================================================

A gate never reads a point estimate. It reads an interval of the gain that misses the truth
with probability at most delta, and delta is shared by all the looks at one test set
(Bonferroni). That promise is for challengers made without sight of earlier verdicts on the
same test set, as the loop makes them; whoever tunes against the verdicts uses the set up.
"""
