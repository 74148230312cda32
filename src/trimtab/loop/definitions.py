"""The pipeline of the project that `TRIMTAB_PROJECT` names, for Dagster's own tools.

`TRIMTAB_PROJECT=. dagster dev -m trimtab.loop.definitions` shows it with its checks (the UI is
the package dagster-webserver). Reviews are asked of a person there too: a run that waits for one
fails with the command that answers it, and goes on when it is launched again.
"""

import os
from datetime import UTC, datetime

from trimtab.core.workspace import Workspace
from trimtab.loop.pipeline import definitions

defs = definitions(
    Workspace.open(os.environ.get("TRIMTAB_PROJECT", ".")),
    clock=lambda: datetime.now(UTC),
    auto_approve=False,
)
