"""`trimtab gate`: plan a test set, hold a model against a condition, see who looked."""

from trimtab.cli import gate_check, gate_ledger, gate_meter, gate_plan
from trimtab.cli.output import group

app = group("A model earns its place: plan, check, the ledger of looks, meter, threshold.")
app.command("plan")(gate_plan.plan)
app.command("check")(gate_check.check)
app.command("label-next")(gate_check.label_next)
app.add_typer(gate_ledger.app, name="ledger")
gate_meter.register(app)
