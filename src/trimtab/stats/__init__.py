"""Numbers only: arrays in, frozen results out; no files, no clock, no global state.

The room's guide. Nothing is imported here, so that `import trimtab` stays fast: import from
the module that has the word you are looking for.

==================  =====================================================================
`interval`          the record that every estimate with limits comes back in
`bounds`            limits for a mean with an (epsilon, delta) promise; `block_interval`
`bootstrap`         limits for any metric that can be computed from row weights
`ranking`           area under the ROC curve: exact with ties, fast for many reweightings
`contributions`     what each row adds to an area under the ROC curve
`losses`            one loss a row, in [0, 1] where it can be, and skill scores
`calibration`       do events forecast at 30 % happen 30 % of the time?
`bins`              cut points from a reference; counts over them, missing values apart
`distances`         how far two histograms are from each other
`two_sample`        Kolmogorov-Smirnov and Wasserstein on raw values
`blocks`            is this day unlike the days before it, or only a day like others?
`block_summaries`   the same for one number a block: a mean, a null share, a volume
`multiplicity`      p-values corrected for having asked many questions
`arrays`, `laws`,   plumbing: checked arrays; quantiles and tails of known laws; the engine
`resampling`        of the bootstrap
==================  =====================================================================

Three habits hold throughout:

- **Blocks.** Rows of one day, user or device depend on each other. Functions that quantify
  doubt take `blocks`, one key a row, and count blocks as the sample size.
- **Not enough data is an answer, not a crash.** With too few blocks, limits are infinite and
  an undefined metric is NaN. `ValueError` is for arguments that no data could make right.
- **A promise is tested.** Each stated error rate is measured in `tests/calibration`.
"""
