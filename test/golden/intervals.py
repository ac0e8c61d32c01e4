"""Writes intervals.json: Clopper-Pearson intervals from SciPy's beta distribution.

A list of {"correct", "count", "confidence", "low", "high"}.
"""

import json

from scipy.stats import beta

CASES = [
    (0, 1), (1, 1), (1, 2), (0, 20), (20, 20), (19, 20), (13, 20), (66, 68), (68, 68), (1, 642), (577, 642),
    (4000, 4795), (999_999, 1_000_000), (700_000_000, 1_000_000_000), (3, 1_000_000_000),
]


def interval(correct, count, confidence):
    tail = (1 - confidence) / 2
    low = 0.0 if correct == 0 else float(beta.ppf(tail, correct, count - correct + 1))
    high = 1.0 if correct == count else float(beta.isf(tail, correct + 1, count - correct))
    assert low <= correct / count <= high
    return {"correct": correct, "count": count, "confidence": confidence, "low": low, "high": high}


with open("intervals.json", "w", encoding="utf-8") as file:
    cases = [interval(*case, confidence) for case in CASES for confidence in (0.5, 0.95, 0.999)]
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
