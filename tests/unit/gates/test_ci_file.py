import pytest

from trimtab.core.errors import ConfigError, SourceError
from trimtab.gates.ci_file import CiFile, read_ci_file

# The settings of the notebook that comes with ease.ml/ci, laid out as it lays them out.
NOTEBOOK = """ml:
- script : ./evaluate_model.py
- condition : n - o > 0.1 +/- 0.1
- reliability: 0.99
- mode : fp-free
- adaptivity : full
- steps : 32
- data_mode : local
- email: someone@example.org
"""


@pytest.fixture
def read(tmp_path):
    def from_text(text):
        file = tmp_path / ".easeml.yml"
        file.write_text(text, "utf-8")
        return read_ci_file(file)

    return from_text


def changed(key, value):
    """Return the notebook's file with another value for a key, or without the key."""
    lines = [
        line if line.replace(":", " ").split()[1:2] != [key] else value and f"- {key} : {value}"
        for line in NOTEBOOK.splitlines()
    ]
    return "\n".join(line for line in lines if line is not None) + "\n"


def test_a_file_of_ease_ml_ci_is_read_as_it_stands(read):
    assert read(NOTEBOOK) == CiFile(
        condition="n - o > 0.1 +/- 0.1",
        reliability="0.99",
        mode="fp_free",
        adaptivity="full",
        steps=32,
        script="./evaluate_model.py",
        third_party=None,
        ignored=("data_mode", "email"),
    )


def test_its_plan_is_the_number_that_the_notebook_prints(read):
    from trimtab.gates.plan import gate_plan

    file = read(NOTEBOOK)
    plan = gate_plan(
        file.condition, reliability=file.reliability, steps=file.steps,
        adaptivity=file.adaptivity, mode=file.mode, method="hoeffding",
    )  # fmt: skip

    assert plan.samples == 5496


def test_comments_blanks_other_blocks_and_another_order_do_not_matter(read):
    text = """
language: python
script: [pytest]
ml:
# n, the accuracy of the new model; d the share of predictions that differ (n, o, d ∈ [0, 1])
- steps : 7   # looks
- adaptivity : none -> labels@example.org

- mode : fn-free
- reliability: "0.998"
- condition : >
    n - o > 0.02 +/- 0.02
    /\\ d < 0.1 +/- 0.01
after: !reference [.x, script]
"""

    file = read(text)

    assert file.condition == r"n - o > 0.02 +/- 0.02 /\ d < 0.1 +/- 0.01"
    assert (file.mode, file.adaptivity, file.third_party) == (
        "fn_free", "none", "labels@example.org",
    )  # fmt: skip
    assert (file.reliability, file.steps, file.script) == ("0.998", 7, None)


def test_a_plain_mapping_is_read_too(read):
    text = NOTEBOOK.replace("\n- ", "\n  ")

    assert read(text) == read(NOTEBOOK)


@pytest.mark.parametrize(
    ("written", "digits"),
    [("0.9999", "0.9999"), ("0.99990", "0.99990"), ("1e-1", "1e-1"), ("'.5'", ".5")],
)
def test_reliability_keeps_its_digits(read, written, digits):
    assert read(changed("reliability", written)).reliability == digits


@pytest.mark.parametrize(
    ("word", "ours"),
    [("full", "full"), ("none", "none"), ("firstChange", "first_change"),
     ("hybrid", "first_change"), ("first_change", "first_change")],
)  # fmt: skip
def test_words_of_the_paper_and_its_program_are_ours(read, word, ours):
    assert read(changed("adaptivity", word)).adaptivity == ours


@pytest.mark.parametrize("key", ["condition", "reliability", "mode", "adaptivity", "steps"])
def test_a_promise_that_is_not_written_is_not_made(read, key):
    with pytest.raises(ConfigError, match=rf"easeml\.yml: expected the key `{key}`"):
        read(changed(key, None))


def test_a_misspelt_key_is_named(read):
    with pytest.raises(ConfigError) as caught:
        read(NOTEBOOK.replace("reliability", "reliabilty"))

    assert "`reliabilty`" in caught.value.hint


@pytest.mark.parametrize(
    ("key", "value", "line", "said"),
    [
        ("condition", "n - o >", 3, "condition"),
        ("reliability", "1", 4, "between 0 and 1, got '1'"),
        ("reliability", "nan", 4, "got 'nan'"),
        ("reliability", "99 %", 4, "got '99 %'"),
        ("mode", "fp", 5, "expected one of fp-free, fn-free, got 'fp'"),
        ("adaptivity", "ful", 6, "got 'ful'"),
        ("adaptivity", "full -> me", 6, "only after `none`"),
        ("steps", "0", 7, "got '0'"),
        ("steps", "3.5", 7, "got '3.5'"),
        ("steps", "[1, 2]", 7, "expected one value"),
    ],
)
def test_an_error_names_file_line_and_key(read, key, value, line, said):
    with pytest.raises(ConfigError) as caught:
        read(changed(key, value))

    problem = caught.value.problem
    assert f".easeml.yml, line {line}, `{key}`" in problem
    assert said in problem
    assert caught.value.context == {"key": key, "line": line}


def test_a_backslash_that_yaml_took_away_is_explained(read):
    text = changed("condition", '"n > 0.8 +/- 0.1 /\\ d < 0.1 +/- 0.01"')

    with pytest.raises(ConfigError, match="condition") as caught:
        read(text)

    assert "single" in caught.value.hint


def test_a_key_that_stands_twice_is_refused(read):
    with pytest.raises(ConfigError, match="`steps` once"):
        read(NOTEBOOK + "- steps : 64\n")


@pytest.mark.parametrize("text", ["", "script: x\n", "ml:\n", "ml: text\n", "- ml\n", "ml: [1]\n"])
def test_a_file_without_the_block_is_refused(read, text):
    with pytest.raises(ConfigError, match="expected a block `ml:`"):
        read(text)


def test_what_is_no_yaml_is_refused(read):
    with pytest.raises(ConfigError, match="expected YAML"):
        read("ml: [")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SourceError, match="could not read"):
        read_ci_file(tmp_path / "none.yml")


def test_tags_of_yaml_build_no_object(read, tmp_path):
    target = tmp_path / "made"
    text = f"ml:\n- script: !!python/object/apply:os.mkdir ['{target}']\n" + NOTEBOOK[34:]

    with pytest.raises(ConfigError, match="expected one value"):
        read(text)
    assert not target.exists()
