r"""A model earns its place: how much evidence that takes, the decision, and who looked.

================  ========================================================================
`condition`       what a model has to meet: `n - o > 0.02 +/- 0.01 /\ d < 0.1 +/- 0.01`
`plan`            `gate_plan`: how many rows and labels a condition takes, by which bound
`decide`          `gate_decide`: *pass*, *fail*, *not enough data*, with the evidence
`sequential`      the same promise, but labelling stops as soon as the verdict is certain
`label_next`      which rows to label next
`ledger`          every look at a test set, kept for good; past its budget, no more
`meter`           how far development ran ahead of the test set, told in a few ranges
`threshold`       `learn_threshold`: where to cut a score, with an interval and a date
`report`          verdicts as JUnit XML and as Markdown, for other people's CI
`ci_file`         the `ml:` block of an ease.ml/ci file
`gain`, `rank`    the loop's gate: a smaller mean loss, a better ranking, by days not rows
`gain_plan`       rows or blocks that the loop's gate needs to see a gain of a given size
================  ========================================================================

Parts of these carry their name: `condition_text`, `plan_bounds`, `ledger_chain`,
`threshold_choice`. `delta` shares the chance of error out; `objective` is what a threshold is for.
Rows go through `judged_rows` (what was given, checked), `row_values` (what each row is worth),
`row_groups` (which rows a clause is about) and `judge_clause`.

A gate never reads a point estimate. It reads one with a tolerance that a bound vouches for, or
an interval, and each misses the truth with probability at most delta. All looks at one test set
share delta: equally where nobody is told the results, and by the number of histories, 2**steps,
where each look tells the developer one bit.
"""
