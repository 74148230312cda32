"""Which test is asked of which column: one that people name, else by the column's type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from trimtab.core.errors import ConfigError, SchemaError, nearest
from trimtab.data.built_in_tests import BUILT_IN
from trimtab.data.drift_sides import Family
from trimtab.data.drift_tests import DriftTest, find_test

Wanted = str | Sequence[str] | Mapping[str, str | Sequence[str]] | None
_DEFAULTS: dict[Family, str] = {
    "numbers": "ks", "levels": "chi_square", "vector": "mean_embedding",
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """The tests to ask.

    Attributes
    ----------
    columns : dict of str to tuple of DriftTest
        By column; none for a column whose type is not compared.
    joint : tuple of DriftTest
        Of all numeric columns together.
    idle : dict of str to str
        Names asked for that no column fits, and why.
    """

    columns: dict[str, tuple[DriftTest, ...]]
    joint: tuple[DriftTest, ...] = ()
    idle: dict[str, str] = field(default_factory=dict)


def plan(tests: Wanted, families: Mapping[str, Family], known: Sequence[str]) -> Plan:
    """Return which tests to ask of which columns.

    Parameters
    ----------
    tests : None, str, sequence of str, or mapping of column to those
        Names. A test that is named takes the place of the default in every column that it fits
        (in a mapping: in that column). Others keep theirs.
    families : mapping of str to str
        How each column that both sides have can be compared.
    known : sequence of str
        All columns of either side.

    Raises
    ------
    ConfigError
        If there is no such test, or it does not fit the column it is named for.
    SchemaError
        If neither side has a column that is named.
    """
    default: dict[str, tuple[DriftTest, ...]] = {
        name: (find_test(_DEFAULTS[family], BUILT_IN),) if family in _DEFAULTS else ()
        for name, family in families.items()
    }
    if tests is None:
        return Plan(default)
    if isinstance(tests, Mapping):
        named = {name: _named(own) for name, own in tests.items()}
        for name, own in named.items():
            _check_fit(name, own, families, known)
        return Plan(default | {name: own for name, own in named.items() if name in families})
    wanted = _named(tests)
    columns = {}
    for name, family in families.items():
        fitting = tuple(test for test in wanted if family in test.kinds)
        columns[name] = fitting or default[name]
    joint = tuple(test for test in wanted if "joint" in test.kinds and _has_numbers(families))
    used = {test.name for own in columns.values() for test in own} | {test.name for test in joint}
    idle = {
        f"test `{test.name}`": f"no column of the kind it takes ({_kinds(test)})"
        for test in wanted
        if test.name not in used
    }
    return Plan(columns, joint, idle)


def _named(names: str | Sequence[str]) -> tuple[DriftTest, ...]:
    listed = [names] if isinstance(names, str) else list(names)
    return tuple(find_test(name, BUILT_IN) for name in dict.fromkeys(listed))


def _check_fit(
    column: str,
    tests: tuple[DriftTest, ...],
    families: Mapping[str, Family],
    known: Sequence[str],
) -> None:
    if column not in known:
        raise SchemaError(
            f"expected a column of either side in `tests`, got `{column}`",
            hint=nearest(column, known),
            column=column,
        )
    family = families.get(column)
    for test in tests:
        if family is not None and family not in test.kinds:
            fitting = [each.name for each in BUILT_IN if family in each.kinds]
            hint = f"Use one of: {', '.join(fitting)}." if fitting else f"Leave `{column}` out."
            if test.kinds == {"joint"}:
                hint = f"Name `{test.name}` without a column: it takes all numbers together."
            raise ConfigError(
                f"expected a test of {family} for `{column}`, got `{test.name}`, "
                f"a test of {_kinds(test)}",
                hint=hint,
                column=column,
            )


def _has_numbers(families: Mapping[str, Family]) -> bool:
    return "numbers" in families.values()


def _kinds(test: DriftTest) -> str:
    words = {"joint": "all numeric columns together", "vector": "number lists"}
    return " or ".join(words.get(kind, kind) for kind in sorted(test.kinds))
