"""alibi-detect: MMDDrift on torch, 100 permutations."""

import sys

from benchmarks.data.clock import Clock

clock = Clock()
with clock("import"):
    import alibi_detect
    import numpy as np
    from alibi_detect.cd import MMDDrift

with clock("answer"):
    reference, current = (np.load(path) for path in sys.argv[1:3])
    detector = MMDDrift(reference, backend="pytorch", n_permutations=100, device="cpu")
    found = detector.predict(current)["data"]
clock.report(version=alibi_detect.__version__, says=f"p = {found['p_val']:.3g}")
