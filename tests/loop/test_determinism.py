"""The same data, settings and seed give the same numbers, in another folder and process."""

import pytest
from tests.loop.conftest import played

from trimtab.core.workspace import Workspace
from trimtab.data.tables import Tables
from trimtab.models.registry import Registry

pytestmark = pytest.mark.service


def identity(folder):
    """Return what names the results of a project: fingerprints, hashes and metrics."""
    workspace = Workspace.open(folder)
    (scope,) = [name for name in workspace.store.scopes() if name.startswith("scheduled-")]
    tables = Tables(workspace.tables_folder)
    versions = [
        *Registry(workspace).versions(),
        *Registry(Workspace.open(folder, scope=scope)).versions(),
    ]
    models = [
        (v.name, v.version, v.stage, v.trained_until, v.dataset, v.feature_hash, v.commit,
         v.config_hash, v.seed, v.model_hash, v.metrics)
        for v in versions
    ]  # fmt: skip
    return {name: tables.get(name).fingerprint for name in tables.names()}, scope, models


def test_two_fresh_projects_come_to_the_same_numbers(calm, shop):
    again = played(shop)

    fingerprints, scope, models = identity(shop)
    assert (fingerprints, scope, models) == identity(calm.folder)
    assert len(fingerprints) == 2
    assert len(models) > 2
    assert all(model[-2] for model in models)
    assert again.windows == calm.windows
