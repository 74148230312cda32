"""What a drift test is, and which one a name stands for: a built-in one, or one of a package.

A package joins in with an object that fits `DriftTest` and an entry point for it::

    [project.entry-points."trimtab.drift_tests"]
    energy = "my_package:energy_test"

after which `drift(a, b, tests="energy")` finds it. `trimtab.testing` has the checks that such
an object should pass.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Literal, Protocol, get_args, runtime_checkable

from trimtab.core.errors import ConfigError, nearest
from trimtab.stats.arrays import FloatArray, IntArray

Takes = Literal["numbers", "levels", "vector", "joint"]
GROUP = "trimtab.drift_tests"
# the units that reports have rules of thumb for; blocks of rows have one of their own
SD, SHARE, BLOCKS_APART = "standard deviations", "share of rows", "ordinary block distances"


@dataclass(frozen=True, slots=True)
class DriftOutcome:
    """What a drift test returns.

    Attributes
    ----------
    statistic : float
        What the test computes; its scale is the test's own.
    p_value : float
        Chance of a statistic this large if nothing changed; NaN if there are too few rows to
        tell.
    effect_size : float
        How much it moved, in the test's `unit`.
    """

    statistic: float
    p_value: float
    effect_size: float


@runtime_checkable
class DriftTest(Protocol):
    """Anything that tells whether two sets of rows are from one distribution.

    Attributes
    ----------
    name : str
        What people ask for it by: the name of its entry point.
    kinds : frozenset of {"numbers", "levels", "vector", "joint"}
        What it can be asked of: a numeric column, a column of levels, a column of number lists,
        or all numeric columns together.
    unit : str
        What `effect_size` counts; `standard deviations` and `share of rows` are the units that
        reports have rules of thumb for.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def kinds(self) -> frozenset[Takes]: ...  # noqa: D102

    @property
    def unit(self) -> str: ...  # noqa: D102

    def __call__(
        self, reference: FloatArray | IntArray, current: FloatArray | IntArray, *, seed: int
    ) -> DriftOutcome:
        """Compare two sets of rows, which it must not change.

        Parameters
        ----------
        reference, current : ndarray
            If `kinds` has `levels`, whole counts over the same levels, shape (n_levels,);
            numeric columns then come as counts over some 20 bins of the pooled values. Else, if
            it has `numbers`, finite values, shape (n,) and (m,). For `vector` and `joint`,
            finite rows, shape (n, d) and (m, d).
        seed : int
            Of whatever is drawn at random: the same answer for the same seed.
        """
        ...


def find_test(name: str, built_in: Iterable[DriftTest]) -> DriftTest:
    """Return the test of a name, of a package if it is none of those built in.

    Raises
    ------
    ConfigError
        If there is no such test, or a package's is broken.
    """
    own = {test.name: test for test in built_in}
    if name in own:
        return own[name]
    entries = entry_points(group=GROUP)
    offered = [entry for entry in entries if entry.name == name]
    if not offered:
        known = [*own, *sorted(entries.names - set(own))]
        near = nearest(name, known)
        listed = f" All there are: {', '.join(known)}." if near.startswith("Did") else ""
        raise ConfigError(f"expected the name of a drift test, got `{name}`", hint=near + listed)
    packages = sorted({_package(entry) for entry in offered})
    if len(packages) > 1:
        raise ConfigError(
            f"expected one package with a drift test `{name}`, got {', '.join(packages)}",
            hint=f"Uninstall all but one, or pass `{name}` under another name in one of them.",
        )
    return _loaded(offered[0])


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.value


def _loaded(entry: EntryPoint) -> DriftTest:
    package = _package(entry)
    try:
        test = entry.load()
        wrong = flaw(test)
        # reports and messages name a test by itself
        if not wrong and test.name != entry.name:
            wrong = f"one that calls itself `{test.name}` in place of `{entry.name}`"
    except Exception as error:  # noqa: BLE001 - a stranger's module can fail in any way
        wrong = f"{type(error).__name__}: {error}"
    if wrong:
        raise ConfigError(
            f"expected `{entry.value}` of the package `{package}` to be a drift test, got {wrong}",
            hint=f"Mend, update or uninstall `{package}`; `trimtab.testing` tells what is wrong.",
            package=package,
        )
    found: DriftTest = test
    return found


def flaw(test: object) -> str:
    """Return what keeps an object from being a drift test, in a few words; "" if nothing does."""
    if isinstance(test, type):
        return "a class, not an object of it"
    if not isinstance(test, DriftTest):
        return f"`{type(test).__name__}` without all of name, kinds, unit and a call"
    odd = set(test.kinds) - set(get_args(Takes))
    if odd or not test.kinds:
        return f"kinds {sorted(map(str, test.kinds))}"
    if "levels" in test.kinds and set(test.kinds) & {"vector", "joint"}:
        return "kinds of counts and of rows at once"
    return ""
