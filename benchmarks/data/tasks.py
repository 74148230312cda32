"""What is run: the tools of each task, what each of them computes, and the goals."""

from dataclasses import dataclass

from benchmarks.data.goals import Goal

OURS = "trimtab"
SCAN = "bare Polars scan"


@dataclass(frozen=True)
class Tool:
    """One way to do a task, in a process of its own.

    Attributes
    ----------
    peer : str or None
        Whose environment it needs; ours without one.
    command : tuple of str
        A module of this folder, and its words; `{names}` are files.
    once : bool
        It takes so long that it runs in the first round only.
    """

    name: str
    command: tuple[str, ...]
    computes: str
    leaves_out: str = ""
    peer: str | None = None
    once: bool = False


@dataclass(frozen=True)
class Task:
    """What several tools do with the same files."""

    name: str
    title: str
    tools: tuple[Tool, ...]
    goals: tuple[Goal, ...]


def _profile() -> Task:
    return Task(
        "profile", "Profile of one table, from its Parquet file",
        (
            Tool(SCAN, ("bare_scan", "{current}"), "one sum of each column", "all else"),
            Tool(
                OURS, ("ours", "profile", "{current}"),
                "counts (nulls, NaN, infinite, zeros, negative), extremes, mean, variance, "
                "skewness, kurtosis, mergeable histogram for quantiles, distinct, commonest "
                "values, lengths and classes of text, order; mergeable",
                "exact quantiles; exact distinct counts of many values",
            ),
            Tool(
                "DuckDB SUMMARIZE", ("peers.duckdb", "{current}"),
                "count, nulls, extremes, mean, deviation, three quantiles and distinct, "
                "approximate",
                "zeros, skewness, kurtosis, commonest values, text; not mergeable",
                peer="duckdb",
            ),
            Tool(
                "whylogs", ("peers.whylogs", "{current}"),
                "counts, types, extremes, mean, deviation, KLL quantiles, distinct (HLL), "
                "frequent items; mergeable",
                "skewness, kurtosis, text classes", peer="whylogs", once=True,
            ),
        ),
        (
            Goal("at most 2.0 times a bare scan", OURS, SCAN, at_most=2.0),
            Goal("at least 5 times faster than DuckDB", "DuckDB SUMMARIZE", OURS, at_least=5.0),
            Goal("at least 80 times faster than whylogs", "whylogs", OURS, at_least=80.0),
        ),
    )  # fmt: skip


def _drift() -> Task:
    both = ("{reference}", "{current}")
    return Task(
        "drift", "Drift of all columns between two tables, from their Parquet files",
        (
            Tool(SCAN, ("bare_scan", *both), "one sum of each column of both tables", "all else"),
            Tool(
                OURS, ("ours", "drift", *both),
                "exact Kolmogorov-Smirnov (numbers), chi-square (levels), p-values, effect "
                "sizes, null shares, new and vanished levels, Benjamini-Hochberg",
            ),
            Tool(
                "trimtab, stored profiles",
                ("ours", "drift_of_profiles", "{reference_profile}", "{current_profile}"),
                "Kolmogorov-Smirnov on stored histograms, conservative, with its error bound; "
                "chi-square",
                "the exact statistic of numbers; reading the profiles",
            ),
            Tool(
                "frouros", ("peers.frouros", *both),
                "exact Kolmogorov-Smirnov, chi-square, p-values",
                "nulls (we dropped them), correction for 49 tests, effect sizes, null shares",
                peer="frouros",
            ),
            Tool(
                "evidently DataDriftPreset", ("peers.evidently", *both),
                "its defaults for so many rows: Wasserstein distance over the deviation, "
                "Jensen-Shannon distance, each against 0.1",
                "p-values, correction, null shares", peer="evidently", once=True,
            ),
        ),
        (
            Goal("at most 3 times two bare scans", OURS, SCAN, at_most=3.0),
            Goal("at least 10 times faster than frouros", "frouros", OURS, at_least=10.0),
            Goal(
                "at least 150 times faster than evidently", "evidently DataDriftPreset", OURS,
                at_least=150.0,
            ),
            Goal(
                "from stored profiles under 20 ms", "trimtab, stored profiles",
                figure="again_s", at_most=0.020, unit="s",
            ),
            Goal("finds all five shifted columns", OURS, figure="found", at_least=5, unit="of 5"),
            Goal(
                "finds them from stored profiles", "trimtab, stored profiles", figure="found",
                at_least=5, unit="of 5",
            ),
        ),
    )  # fmt: skip


def _checks() -> Task:
    def pandera(name: str, what: str, leaves_out: str) -> Tool:
        return Tool(
            name, ("peers.pandera", what, "{current}"),
            "the 50 checks and types; mean, quantile and pair checks as expressions of ours",
            leaves_out, peer="pandera",
        )  # fmt: skip

    return Task(
        "checks", "50 checks of one table",
        (
            Tool(
                OURS, ("ours", "checks_of_file", "{schema}", "{current}"),
                "the 50 checks and types, from the file",
            ),
            pandera("pandera", "file", ""),
            pandera("pandera, told which columns", "needed", "types of the other columns"),
            Tool(
                "great_expectations", ("peers.gx", "{current}"),
                "the 50 checks, verdicts only, from the file", "types", peer="gx",
            ),
            Tool(
                "trimtab, in memory", ("ours", "checks_of_table", "{schema}", "{current}"),
                "the 50 checks and types", "reading",
            ),
            pandera("pandera, in memory", "table", "reading"),
        ),
        (
            Goal("at least 1.3 times faster than pandera", "pandera", OURS, at_least=1.3),
            Goal(
                "at least 5 times faster than great_expectations", "great_expectations", OURS,
                at_least=5.0,
            ),
            Goal(
                "in memory not slower than pandera", "trimtab, in memory", "pandera, in memory",
                at_most=1.0,
            ),
        ),
    )  # fmt: skip


def _mmd() -> Task:
    both = ("{pair_reference}", "{pair_current}")
    return Task(
        "mmd", "MMD of 5,000 x 32 against 5,000 x 32, 100 permutations",
        (
            Tool(
                OURS, ("ours", "mmd", *both),
                "unbiased MMD² (RBF, median bandwidth), permutation p = (1 + k) / (1 + 100)",
            ),
            Tool(
                "alibi-detect MMDDrift", ("peers.alibi", *both),
                "MMD² (RBF, median bandwidth), permutation p = k / 100, on torch",
                peer="alibi", once=True,
            ),
        ),
        (
            Goal(
                "at least 100 times faster than alibi-detect", "alibi-detect MMDDrift", OURS,
                at_least=100.0,
            ),
            Goal("under 600 MB", OURS, figure="rss_mb", at_most=600.0, unit="MB"),
        ),
    )  # fmt: skip


def _memory(rows: int) -> Task:
    sizes = {f"{parts * rows:,} rows": files for parts, files in
             {10: "part-00*", 30: "part-0[0-2]*", 100: "part-*"}.items()}  # fmt: skip
    least, _, most = sizes
    tools = [
        Tool(size, ("ours", "profile", f"{{big}}/{files}.parquet"), "the profile, as above")
        for size, files in sizes.items()
    ]
    scan = Tool(
        f"bare Polars scan, {most}", ("bare_scan", "{big}/part-*.parquet"),
        "one sum of each column", "all else",
    )  # fmt: skip
    return Task(
        "memory", "Profile of 20 columns in many Parquet files",
        (*tools, scan),
        (
            Goal(
                f"{most} under 1.5 GB", most, figure="rss_mb", at_most=1500.0, unit="MB"
            ),
            # 10 times the rows; a tenth more is left to the noise of the machine.
            Goal("time linear in rows: ten times the rows take at most 11 times as long",
                 most, least, at_most=11.0),
        ),
    )  # fmt: skip


def tasks(rows: int) -> dict[str, Task]:
    """Return every task by its name; only titles depend on the rows of a table or part."""
    return {task.name: task for task in (_profile(), _drift(), _checks(), _mmd(), _memory(rows))}
