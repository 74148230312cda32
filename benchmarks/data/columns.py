"""Names of the workload's 50 columns, and which of them are shifted."""

NORMAL = [f"f{j:02d}" for j in range(15)]
LOGNORMAL = [f"f{j:02d}" for j in range(15, 25)]
WITH_ZEROS = [f"f{j:02d}" for j in range(25, 35)]
FLOATS = [*NORMAL, *LOGNORMAL, *WITH_ZEROS]
INTEGERS = ["i00", "i01", "i02"]
NUMBERS = [*FLOATS, *INTEGERS]
TEXTS = {f"c{j:02d}": levels for j, levels in enumerate([5, 8, 10, 15, 20, 30, 50, 80, 120, 200])}
BOOLEAN = "b00"
TIME = "ts"
COMPARED = [*NUMBERS, *TEXTS, BOOLEAN]

SHIFTED = {
    "f00": "mean 0 to 0.3, standard deviation 1",
    "f15": "sigma of the logarithm 0.5 to 0.6",
    "f25": "share of zeros 0.7 to 0.6",
    "c03": "exponent of the Zipf law 1.1 to 0.9",
    "i00": "Poisson mean 10 to 10.5",
}
# The second table is the month after the first. A tool that says so is right.
ALSO_MOVES = TIME
