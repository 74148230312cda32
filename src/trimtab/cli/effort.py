"""`trimtab effort`: can it work, what to clean, whom to ask, which model is best today."""

from trimtab.cli import effort_clean, effort_feasibility, effort_labels, effort_pick
from trimtab.cli.output import group

app = group("What is work worth: can it work, what to clean, whom to ask, which model is best.")
for part in (effort_feasibility, effort_clean, effort_labels, effort_pick):
    part.register(app)
