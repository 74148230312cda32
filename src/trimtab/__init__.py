"""Trimtab: MLOps driven by data quality, where every answer carries its guarantee.

>>> import trimtab as tt
>>> "profile" in dir(tt)
True

Names come in the order of a model's life. Each is imported when it is first used, so that
`import trimtab` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trimtab.core.errors import TrimtabError as TrimtabError
    from trimtab.core.project import Project as Project
    from trimtab.core.project import load_project as load_project
    from trimtab.core.records import DatasetVersion as DatasetVersion
    from trimtab.core.workspace import Workspace as Workspace
    from trimtab.data.checks import ValidationReport as ValidationReport
    from trimtab.data.checks import validate as validate
    from trimtab.data.drift import drift as drift
    from trimtab.data.drift_report import DriftReport as DriftReport
    from trimtab.data.infer import infer_schema as infer_schema
    from trimtab.data.profile import Profile as Profile
    from trimtab.data.profile import profile as profile
    from trimtab.data.quality import quality as quality
    from trimtab.data.quality_history import quality_history as quality_history
    from trimtab.data.quality_report import QualityReport as QualityReport
    from trimtab.data.schema import Schema as Schema
    from trimtab.data.schema_diff import schema_diff as schema_diff
    from trimtab.data.sources import read_source as read_source
    from trimtab.data.tables import Tables as Tables
    from trimtab.effort.active_cleaning import ActiveClean as ActiveClean
    from trimtab.effort.active_start import start_active_cleaning as start_active_cleaning
    from trimtab.effort.cleaning import cleaning_order as cleaning_order
    from trimtab.effort.cleaning_finish import cleaned_table as cleaned_table
    from trimtab.effort.cleaning_finish import finish_cleaning as finish_cleaning
    from trimtab.effort.cleaning_open import open_cleaning as open_cleaning
    from trimtab.effort.cleaning_report import cleaning_report as cleaning_report
    from trimtab.effort.cleaning_table import start_cleaning as start_cleaning
    from trimtab.effort.cleaning_version import ingest_cleaned as ingest_cleaned
    from trimtab.effort.feasibility import feasibility as feasibility
    from trimtab.effort.feasibility import feasibility_study as feasibility_study
    from trimtab.effort.feasibility_result import Feasibility as Feasibility
    from trimtab.effort.label_errors import label_errors as label_errors
    from trimtab.effort.label_tables import label_model as label_model
    from trimtab.effort.labelling import cast_votes as cast_votes
    from trimtab.effort.labelling import labelling_function as labelling_function
    from trimtab.effort.pick_rows import pick_model as pick_model
    from trimtab.effort.picking import ModelPicker as ModelPicker
    from trimtab.gates.decide import gate_decide as gate_decide
    from trimtab.gates.ledger import Ledger as Ledger
    from trimtab.gates.meter import meter as meter
    from trimtab.gates.plan import GatePlan as GatePlan
    from trimtab.gates.plan import gate_plan as gate_plan
    from trimtab.gates.threshold import learn_threshold as learn_threshold
    from trimtab.loop.pipeline import run_pipeline as run
    from trimtab.loop.replay import replay as replay
    from trimtab.loop.scaffold import scaffold as init
    from trimtab.models.features import FeatureSet as FeatureSet
    from trimtab.models.registry import Registry as Registry
    from trimtab.serving.client import Client as Client
    from trimtab.stats.certain import certain_predictions as certain_predictions
    from trimtab.stats.mean_discrepancy import mmd as mmd

_PLACES = {
    # a project and its parts
    "init": "loop.scaffold:scaffold",
    "load_project": "core.project:load_project",
    "Project": "core.project:Project",
    "Workspace": "core.workspace:Workspace",
    "TrimtabError": "core.errors:TrimtabError",
    # data comes in
    "read_source": "data.sources:read_source",
    "Tables": "data.tables:Tables",
    "DatasetVersion": "core.records:DatasetVersion",
    "profile": "data.profile:profile",
    "Profile": "data.profile:Profile",
    "infer_schema": "data.infer:infer_schema",
    "Schema": "data.schema:Schema",
    "schema_diff": "data.schema_diff:schema_diff",
    "validate": "data.checks:validate",
    "ValidationReport": "data.checks:ValidationReport",
    "quality": "data.quality:quality",
    "QualityReport": "data.quality_report:QualityReport",
    "quality_history": "data.quality_history:quality_history",
    "drift": "data.drift:drift",
    "DriftReport": "data.drift_report:DriftReport",
    "mmd": "stats.mean_discrepancy:mmd",
    # effort: what is work worth?
    "feasibility": "effort.feasibility:feasibility",
    "feasibility_study": "effort.feasibility:feasibility_study",
    "Feasibility": "effort.feasibility_result:Feasibility",
    "labelling_function": "effort.labelling:labelling_function",
    "cast_votes": "effort.labelling:cast_votes",
    "label_model": "effort.label_tables:label_model",
    "label_errors": "effort.label_errors:label_errors",
    "certain_predictions": "stats.certain:certain_predictions",
    "cleaning_order": "effort.cleaning:cleaning_order",
    "start_cleaning": "effort.cleaning_table:start_cleaning",
    "open_cleaning": "effort.cleaning_open:open_cleaning",
    "cleaning_report": "effort.cleaning_report:cleaning_report",
    "cleaned_table": "effort.cleaning_finish:cleaned_table",
    "finish_cleaning": "effort.cleaning_finish:finish_cleaning",
    "ingest_cleaned": "effort.cleaning_version:ingest_cleaned",
    "ActiveClean": "effort.active_cleaning:ActiveClean",
    "start_active_cleaning": "effort.active_start:start_active_cleaning",
    "ModelPicker": "effort.picking:ModelPicker",
    "pick_model": "effort.pick_rows:pick_model",
    # a model is made, and earns its place
    "FeatureSet": "models.features:FeatureSet",
    "Registry": "models.registry:Registry",
    "gate_plan": "gates.plan:gate_plan",
    "GatePlan": "gates.plan:GatePlan",
    "gate_decide": "gates.decide:gate_decide",
    "Ledger": "gates.ledger:Ledger",
    "meter": "gates.meter:meter",
    "learn_threshold": "gates.threshold:learn_threshold",
    # it answers, is watched, and lessons go back
    "Client": "serving.client:Client",
    "run": "loop.pipeline:run_pipeline",
    "replay": "loop.replay:replay",
}

__all__ = list(_PLACES)


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'trimtab' has no attribute {name!r}")
    module, attribute = _PLACES[name].split(":")
    return getattr(import_module(f"trimtab.{module}"), attribute)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PLACES])
