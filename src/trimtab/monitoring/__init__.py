"""Production is watched: a window is closed, compared with the reference, and people are told.

=================  =====================================================================
`reference`        what a model's training rows remember: how blocks ordinarily vary
`windows`          closing a window: volume, drift, performance; stored, replaced as labels come
`drift`, `columns` which columns moved further than they ordinarily do, in their own unit
`performance`      realised metrics with intervals, and whether the promise is kept
`ordinary`         the one test behind all of it: is this mean only a mean like others?
`spans`            times cut into blocks
`alerts`           the policy: what is worth a person's attention, and the log of it
`notify`           channels: a webhook, and whatever apprise can reach
=================  =====================================================================

Ordinary weeks do not alarm. A window is compared with the *blocks* of the reference (weeks by
default), and its blocks' own likeness to each other is taken into account, so that a slow
change of weather is not counted as four independent surprises.
"""
