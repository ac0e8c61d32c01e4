"""Writes gains.json: quantiles and intervals of means by SciPy's Student t.

{"quantiles": [{"confidence", "freedom", "t"}], "intervals": [{"differences", "mean", "low", "high"}]}
"""

import json

import numpy
from scipy import stats

CASES = [
    [0.031, -0.004, 0.018, 0.027, 0.009], [0.1, 0.3], [-0.02, -0.05, -0.01],
    [0.002, 0.011, -0.007, 0.004, 0.001, 0.013, -0.002, 0.006],
]


def interval(differences):
    low, high = stats.t.interval(0.95, len(differences) - 1, loc=numpy.mean(differences), scale=stats.sem(differences))
    return {"differences": differences, "mean": float(numpy.mean(differences)), "low": float(low), "high": float(high)}


with open("gains.json", "w", encoding="utf-8") as file:
    quantiles = [
        {"confidence": confidence, "freedom": freedom, "t": float(stats.t.ppf((1 + confidence) / 2, freedom))}
        for confidence in (0.5, 0.95, 0.999) for freedom in (1, 2, 3, 4, 7, 30, 101)
    ]
    json.dump({"quantiles": quantiles, "intervals": [interval(case) for case in CASES]}, file, indent=1)
    file.write("\n")
