import pytest

from trimtab.core.errors import ConfigError, nearest
from trimtab.core.project import load_project

GOOD = """[project]
name = "shop"

[[tables]]
name = "orders"
source = "orders.parquet"
time = "placed"

[task]
name = "returned"
table = "orders"
kind = "binary"
label = "back"

[train]
until = 2024-02-01
"""


def write(tmp_path, text):
    (tmp_path / "trimtab.toml").write_text(text)
    return tmp_path


def test_a_good_file_is_read_with_defaults(tmp_path):
    project = load_project(write(tmp_path, GOOD))

    assert (project.retrain.policy, project.training_end.isoformat()) == (
        "triggered", "2024-02-01T00:00:00+00:00",
    )  # fmt: skip


def test_the_file_is_found_from_a_folder_below(tmp_path):
    write(tmp_path, GOOD)
    (tmp_path / "deep" / "er").mkdir(parents=True)

    assert load_project(tmp_path / "deep" / "er").root == tmp_path


@pytest.mark.parametrize(
    ("old", "new", "problem", "hint"),
    [
        ('label = "back"', 'lable = "back"', "line 13: unknown key `task.lable`", "`label`"),
        ("[train]", "[trian]", "line 15: unknown key `trian`", "`train`"),
        ('kind = "binary"', 'kind = "binry"', "line 12: `task.kind`", "Change `task.kind`"),
        ('table = "orders"', 'table = "ordres"', "no [[tables]] is called `ordres`", "`Change"),
        ('label = "back"', "", "expected a value for `task.label`", "Add `label`"),
        ("name =", "name = =", "expected TOML", "Mend the line"),
    ],
)
def test_a_wrong_file_is_refused_with_the_line_and_a_way_out(tmp_path, old, new, problem, hint):
    with pytest.raises(ConfigError) as refused:
        load_project(write(tmp_path, GOOD.replace(old, new, 1)))

    assert problem in refused.value.problem
    assert hint.strip("`") in str(refused.value)


def test_no_file_at_all_says_how_to_make_one(tmp_path):
    with pytest.raises(ConfigError, match="expected a `trimtab.toml`") as refused:
        load_project(tmp_path)

    assert "trimtab init" in refused.value.hint


def test_a_file_may_extend_another_and_change_one_value(tmp_path):
    write(tmp_path, GOOD)
    (tmp_path / "weekly.toml").write_text('extend = "trimtab.toml"\n[monitor]\nwindow = "1w"\n')

    project = load_project(tmp_path / "weekly.toml")

    assert (project.monitor.window, project.task.label) == ("1w", "back")


def test_what_shapes_no_model_does_not_change_the_configuration_hash(tmp_path):
    before = load_project(write(tmp_path, GOOD)).config_hash

    served = load_project(write(tmp_path, GOOD + "[serve]\nport = 9000\n")).config_hash
    trained = load_project(write(tmp_path, GOOD + 'estimator = "logistic"\n')).config_hash

    assert served == before != trained


def test_swapped_letters_are_the_first_guess():
    assert nearest("lable", ["table", "label", "cable"]) == "Did you mean `label`?"
