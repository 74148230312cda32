import json
import sys

import numpy as np
import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from trimtab.cli.effort_feasibility import register
from trimtab.cli.embedder import load_embedder
from trimtab.cli.output import TrimtabGroup
from trimtab.core.errors import ConfigError

EMBEDDERS = """
import numpy as np
calls = 0
size = 3


def embed(texts):
    global calls
    calls += 1
    return [[t.count("good") - t.count("bad"), 0.0] for t in texts]


def short(texts):
    return np.ones((len(texts) - 1, 2))


def flat(texts):
    return [len(t) for t in texts]


def fails(texts):
    raise KeyError("no model here")


def nothing(texts):
    return np.full((len(texts), 2), np.nan)


class Model:
    def encode(self, texts):
        return np.array(embed(texts))


model = Model()
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a table of texts, one of numbers, and a module of embedders."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 800)
    words = [f"it was a {('bad', 'good')[y]} day, number {i} of them" for i, y in enumerate(label)]
    pl.DataFrame({"said": words, "liked": label}).write_parquet("texts.parquet")
    noisy = np.where((label == 1) & (rng.random(800) < 0.3), 0, label)
    numbers = label * 6 + rng.normal(size=800)
    late = np.where(noisy == 1, "yes", "no")
    pl.DataFrame({"x": numbers, "late": late}).write_parquet("numbers.parquet")
    name = f"embedders_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(EMBEDDERS)
    yield name
    sys.modules.pop(name, None)


def run(*arguments):
    app = typer.Typer(cls=TrimtabGroup)
    app.callback()(lambda: None)
    register(app)
    return CliRunner().invoke(app, ["feasibility", *arguments, "--target", "0.8"])


def test_an_embedder_of_the_current_folder_is_used_and_called_once(folder):
    said = run("texts.parquet", "--label", "liked", "--embedder", f"{folder}:embed", "--json")

    assert said.exit_code == 0
    assert json.loads(said.stdout)["bayes_error"] == 0
    assert {curve["n_features"] for curve in json.loads(said.stdout)["curves"][:1]} == {2}
    assert sys.modules[folder].calls == 1


def test_the_method_of_an_object_is_an_embedder_too(folder):
    assert load_embedder(f"{folder}:model.encode")(["good"]).tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (
            "short",
            "expected 800 rows of numbers from the embedder, one for each text, got ndarray",
        ),
        ("flat", "a list of 800, the first of them a int"),
        ("fails", "to embed 800 texts, got KeyError: 'no model here'"),
        ("nothing", "finite numbers"),
        ("size", "expected a function"),
        ("Model", "got the class Model"),
        ("embde", "Did you mean `embed`?"),
    ],
)
def test_what_is_wrong_with_an_embedder_is_said(folder, function, words):
    said = run("texts.parquet", "--label", "liked", "--embedder", f"{folder}:{function}")

    assert said.exit_code == 2
    assert words in said.stderr
    assert "Traceback" not in said.stderr


def test_a_module_that_cannot_be_imported_is_named(folder, tmp_path):
    (tmp_path / "broken_for_a_test.py").write_text("import there_is_no_such_module\n")

    with pytest.raises(ConfigError, match="module `not_there`.*found none"):
        load_embedder("not_there:embed")
    with pytest.raises(ConfigError, match="No module named 'there_is_no_such_module'"):
        load_embedder("broken_for_a_test:embed")
    with pytest.raises(ConfigError, match="as MODULE:FUNCTION, got 'embed'"):
        load_embedder("embed")


def test_an_embedder_without_a_text_is_told_of(folder):
    said = run("numbers.parquet", "--label", "late", "--embedder", f"{folder}:embed")

    assert "no column holds texts" in said.stdout


def test_a_file_of_noise_is_read_by_the_names_of_classes(folder, tmp_path):
    (tmp_path / "noise.csv").write_text("true,yes,no\nno,0,1\nyes,0.7,0.3\n")
    said = run("numbers.parquet", "--label", "late", "--noise", "noise.csv", "--label-cost", "1")

    assert "by the chances given for each class" in said.stdout
    told = json.loads(
        run("numbers.parquet", "--label", "late", "--noise", "noise.csv", "--json").stdout
    )
    assert told["noise_matrix"] == [[1.0, 0.0], [0.3, 0.7]]
    assert told["classes"] == ["no", "yes"]
    assert told["label_noise"] == pytest.approx(0.15, abs=0.03)


def test_a_number_stays_a_share_and_an_estimate_shows_its_limits(folder):
    said = run("numbers.parquet", "--label", "late", "--noise", "0.1")
    assert "labels wrong: 10.0%; as given" in said.stdout
    said = run("numbers.parquet", "--label", "late")
    assert "if some rows of every class are beyond doubt, else from 0 to" in said.stdout
    assert "confident learning says" in said.stdout
    for noise, code in (("1.5", 2), ("-0.1", 2), ("0.7", 2), ("nan", 2), ("none.csv", 2)):
        assert run("numbers.parquet", "--label", "late", "--noise", noise).exit_code == code
