"""The files of `examples/ci` are read as their runners read them; nothing is run."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from trimtab.cli.main import app
from trimtab.gates.ci_file import read_ci_file

FOLDER = Path(__file__).parents[2] / "examples/ci"
VARIABLE = re.compile(r"\$\{?([A-Z][A-Z0-9_]*)\}?")
FROM_GITHUB = {"GITHUB_ACTOR", "GITHUB_STEP_SUMMARY"}
FROM_GITLAB = {
    "CI_API_V4_URL", "CI_COMMIT_SHA", "CI_MERGE_REQUEST_DIFF_BASE_SHA", "CI_MERGE_REQUEST_IID",
    "CI_PIPELINE_SOURCE", "CI_PROJECT_ID", "GITLAB_USER_LOGIN",
}  # fmt: skip
IN_REPOSITORY = {"predict.py", "requirements.txt", "test_rows.parquet", ".easeml.yml"}


def read(name):
    return yaml.safe_load((FOLDER / name).read_text())


def commands(script):
    """Return the commands of a shell script as lists of words."""
    words = shlex.shlex(script.replace("\\\n", " "), posix=True, punctuation_chars=";&|\n")
    words.whitespace, words.whitespace_split, words.commenters = " \t", True, ""
    found, current = [], []
    for word in words:
        if set(word) <= set(";&|\n"):
            found.append(current)
            current = []
        else:
            current.append(word)
    return [one for one in [*found, current] if one]


def refuse_unknown_options(words):
    """Parse a command line as `trimtab` would, and return its options; run nothing."""
    command, context, rest = get_command(app), None, list(words[1:])
    while hasattr(command, "resolve_command"):
        context = command.make_context(command.name, rest, parent=context)
        _, command, rest = command.resolve_command(context, rest)
    return command.make_context(command.name, rest, parent=context).params


def trimtab_commands(scripts):
    return [
        refuse_unknown_options(words)
        for script in scripts
        for words in commands(script)
        if words[0] == "trimtab"
    ]


@pytest.fixture(scope="module")
def workflow():
    return read("github-workflow.yml")


@pytest.fixture(scope="module")
def pipeline():
    return read("gitlab-ci.yml")


def steps(workflow):
    return [(job, step) for job in workflow["jobs"].values() for step in job["steps"]]


def jobs_of(pipeline):
    words = {"stages", "variables", "workflow"}
    return {name: job for name, job in pipeline.items() if name not in words}


def script_of(job):
    return "\n".join([*job["script"], *job.get("after_script", [])])


def test_github_knows_every_key(workflow):
    # YAML 1.1 reads the key `on` as true; runners read 1.2
    assert set(workflow) == {"name", True, "permissions", "concurrency", "env", "jobs"}
    assert set(workflow[True]) == {"pull_request"}
    for job in workflow["jobs"].values():
        assert {"runs-on", "steps"} <= set(job) <= {
            "runs-on", "steps", "needs", "environment", "strategy", "timeout-minutes"
        }  # fmt: skip
        assert job.get("needs", "predict") in workflow["jobs"]
    for _, step in steps(workflow):
        assert ("run" in step) != ("uses" in step)
        assert set(step) <= {"name", "uses", "with", "run", "env", "if"}
        assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step.get("uses", "actions/x@v1"))


def test_github_declares_each_secret_and_variable(workflow):
    text = (FOLDER / "github-workflow.yml").read_text()
    head = text.split("name: model gate")[0]

    used = set(re.findall(r"\$\{\{ (secrets|vars)\.(\w+) \}\}", text))

    assert used == {("secrets", "LEDGER_URL"), ("secrets", "LABELS_TOKEN"), ("vars", "LABELS_URL")}
    assert all(name in head for _, name in used)
    for _, step in steps(workflow):
        known = {*step.get("env", {}), *workflow["env"], *FROM_GITHUB}
        assert set(VARIABLE.findall(step.get("run", ""))) <= known
        assert "${{" not in step.get("run", ""), "a title of a request could be run as a command"


def test_gitlab_knows_every_key(pipeline):
    for job in jobs_of(pipeline).values():
        assert job["stage"] in pipeline["stages"]
        assert set(job) <= {
            "stage", "image", "script", "after_script", "artifacts", "parallel", "environment",
            "resource_group",
        }  # fmt: skip
        assert all(isinstance(line, str) for line in job["script"])
    assert jobs_of(pipeline)["gate"]["artifacts"]["reports"] == {"junit": "gate.xml"}


def test_gitlab_declares_each_variable(pipeline):
    head = (FOLDER / "gitlab-ci.yml").read_text().split("stages:")[0]
    for job in jobs_of(pipeline).values():
        matrix = {name for row in job.get("parallel", {}).get("matrix", []) for name in row}
        for name in VARIABLE.findall(script_of(job)):
            assert name in matrix | set(pipeline["variables"]) | FROM_GITLAB or name in head


def test_the_model_is_never_near_a_secret(workflow, pipeline):
    predict = [str(workflow["jobs"]["predict"]), str(pipeline["predict"])]
    gate = [str(workflow["jobs"]["gate"]), str(pipeline["gate"])]

    assert not any(re.search("secrets|LEDGER|LABELS|TOKEN", job) for job in predict)
    assert not any(
        re.search(r"predict\.py|requirements\.txt|head\.sha \}\}'}}", job) for job in gate
    )
    checkout = workflow["jobs"]["gate"]["steps"][0]
    assert checkout["with"]["ref"].endswith("base.sha }}")


def scripts_of(name):
    if name == "github-workflow.yml":
        return [step.get("run", "") for _, step in steps(read(name))]
    return [script_of(job) for job in jobs_of(read(name)).values()]


@pytest.mark.parametrize("name", ["github-workflow.yml", "gitlab-ci.yml"])
def test_the_look_is_a_command_that_trimtab_knows(name):
    (look,) = trimtab_commands(scripts_of(name))

    assert (look["new"], look["old"], look["labels"]) == (
        "new.parquet", "old.parquet", "labels.parquet",
    )  # fmt: skip
    assert look["ledger"] == "$LEDGER_URL"
    assert look["commit"]
    assert (str(look["junit"]), str(look["markdown"])) == ("gate.xml", "gate.md")


@pytest.mark.parametrize("name", ["github-workflow.yml", "gitlab-ci.yml"])
def test_each_file_that_is_read_was_made_before(name):
    script = "\n".join(scripts_of(name))
    made = set(IN_REPOSITORY)
    made |= set(re.findall(r"(?:--output|--junit|--markdown|>) ([\w.-]+)", script))
    made |= {f"{side}.parquet" for side in ("new", "old", "$SIDE")}

    named = set(re.findall(r"[$\w.-]*\.(?:parquet|yml|xml|md|txt|py)\b", script))

    assert named <= made


@pytest.mark.parametrize("name", ["github-workflow.yml", "gitlab-ci.yml"])
def test_a_shell_can_read_every_script(name):
    for script in scripts_of(name):
        subprocess.run(["sh", "-n"], input=script, text=True, check=True)


def test_pre_commit_runs_commands_that_trimtab_knows():
    (repo,) = read("pre-commit-config.yaml")["repos"]
    found = []
    for hook in repo["hooks"]:
        assert {"id", "name", "language", "entry"} <= set(hook)
        assert set(hook["stages"]) <= {"pre-commit", "pre-push"}
        re.compile(hook["files"])
        words = shlex.split(hook["entry"])
        script = words[2] if words[:2] == ["sh", "-c"] else hook["entry"]
        found += trimtab_commands([script])

    cases, ledger = found
    assert (cases["condition"], cases["cases"]) == (
        "n passes all of smoke", ["smoke=cases/smoke.csv"],
    )  # fmt: skip
    assert ledger["ledger"] == "gate-ledger.db"


def test_an_option_that_trimtab_does_not_have_is_found():
    with pytest.raises(Exception, match="No such option"):
        trimtab_commands(["trimtab gate check --new a --labels b --junits x"])


def test_the_condition_in_the_readme_can_be_read(tmp_path):
    (block,) = re.findall(r"```yaml\n(.*?)```", (FOLDER / "README.md").read_text(), re.DOTALL)
    file = tmp_path / ".easeml.yml"
    file.write_text(block)

    assert read_ci_file(file).steps == 32
