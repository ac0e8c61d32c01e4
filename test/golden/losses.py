"""Writes losses.json: loss values and gradients on small tensors, in float64.

forgetting         -(1/C) sum_c log softmax(logits)_c, mean over the rows; lower bound log C; gradient by the logits
                   (analytically (softmax - 1/C) / rows); and what a second softmax would make of it, which must differ.
cross_entropy      -log softmax(logits)_label, mean over the rows, with gradient;
                   class_weighted: sum_i w[label_i] loss_i / sum_i w[label_i].
readout            confidence margin q(top1) - q(top2), and whether argmax q differs from the label; ties do not occur.
distillation       rows: T^2 KL(softmax(teacher / T) || softmax(student / T)), T = 3, by row, undivided by the classes.
                   weights: exp(beta * margin^alpha) where the readout is wrong, else 1.
                   teacher_term_weighted: mean_i((1 - lambda) CE_i + lambda w_i rows_i); both_terms_weighted:
                   mean_i(w_i ((1 - lambda) CE_i + lambda rows_i)); unweighted: w = 1. Gradients are by the
                   student's logits.
readout_weights    exp(beta * margin^alpha) for wrong readouts at some margins, for every published alpha and beta.
"extreme" rows have logits far apart: a loss through log(softmax) instead of log_softmax gives infinity or NaN there.
"""
import json
import math
import pathlib

import torch
from torch.nn import functional as F

LOGITS = [[1.5, -0.5, 0.25], [0.0, 0.0, 0.0], [-2.0, 3.0, 0.5], [0.1, 0.2, -0.3]]
EXTREME = [[200.0, -200.0, 0.0], [-90.0, 90.0, 300.0]]
LABELS = [0, 2, 0, 1]
STUDENT = [[1.0, -1.0, 0.5], [0.3, 0.2, -0.1], [-2.0, 2.5, 0.0], [4.0, -3.0, 1.0]]
TEACHER = [[2.0, -1.5, 0.0], [-0.5, 1.0, 0.2], [3.0, -1.0, 0.5], [4.0, -3.0, 1.0]]
READOUT = [[0.9, 0.4, -1.0], [1.2, -0.2, 0.1], [-1.0, 2.0, 1.5], [0.0, 3.0, -3.0]]


def forgetting(logits):
    return -F.log_softmax(logits, 1).mean(1).mean()


def evaluate(loss, values):
    logits = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    result = loss(logits)
    return {"value": result.item(), "gradient": torch.autograd.grad(result, logits)[0].tolist()}


def forgetting_record(values):
    right = evaluate(forgetting, values)
    twice = evaluate(lambda logits: forgetting(F.softmax(logits, 1)), values)
    assert abs(right["value"] - twice["value"]) > 0.01
    return {"logits": values, **right, "softmax_twice": twice}


def cross_entropy_record(values, labels):
    labels_tensor = torch.tensor(labels)
    weights = torch.tensor([0.5, 1.0, 2.5], dtype=torch.float64)
    return {"logits": values, "labels": labels,
            **evaluate(lambda logits: F.cross_entropy(logits, labels_tensor), values),
            "class_weighted": {"weights": weights.tolist(),
                               **evaluate(lambda logits: F.cross_entropy(logits, labels_tensor, weights), values)}}


def distillation_record(temperature=3.0, mix=0.9, alpha=0.05, beta=4.0):
    labels = torch.tensor(LABELS)
    teacher = torch.tensor(TEACHER, dtype=torch.float64)
    top = F.softmax(torch.tensor(READOUT, dtype=torch.float64), 1).sort(1, descending=True)
    margin = top.values[:, 0] - top.values[:, 1]
    wrong = top.indices[:, 0] != labels
    weights = torch.where(wrong, torch.exp(beta * margin ** alpha), torch.ones_like(margin))

    def divergence(student):
        t, s = F.log_softmax(teacher / temperature, 1), F.log_softmax(student / temperature, 1)
        return temperature ** 2 * (t.exp() * (t - s)).sum(1)

    def loss(student, on_labels, on_teacher):
        hard = F.cross_entropy(student, labels, reduction="none")
        return ((1 - mix) * on_labels * hard + mix * on_teacher * divergence(student)).mean()

    rows = divergence(torch.tensor(STUDENT, dtype=torch.float64))
    assert rows[3] == 0 and (rows[:3] > 0).all()  # the last row's student is its teacher
    return {"student": STUDENT, "teacher": TEACHER, "labels": LABELS, "readout": READOUT,
            "temperature": temperature, "lambda": mix, "alpha": alpha, "beta": beta,
            "margin": margin.tolist(), "wrong": wrong.tolist(), "weights": weights.tolist(), "rows": rows.tolist(),
            "unweighted": evaluate(lambda s: loss(s, 1, 1), STUDENT),
            "teacher_term_weighted": evaluate(lambda s: loss(s, 1, weights), STUDENT),
            "both_terms_weighted": evaluate(lambda s: loss(s, weights, weights), STUDENT)}


def readout_weights():
    published = {"waterbirds": (0.05, 4.0), "celeba": (0.1, 3.5), "multinli": (0.2, 3.0), "civilcomments": (0.05, 3.0)}
    margins = [0.0, 0.01, 0.1, 0.5, 1.0]
    return {name: {"alpha": alpha, "beta": beta, "margins": margins,
                   "weights": [math.exp(beta * margin ** alpha) for margin in margins]}
            for name, (alpha, beta) in published.items()}


def main():
    torch.set_num_threads(1)
    records = {
        "forgetting": forgetting_record(LOGITS), "forgetting_extreme": forgetting_record(EXTREME),
        "forgetting_bound": {str(classes): math.log(classes) for classes in (2, 3, 4, 10)},
        "cross_entropy": cross_entropy_record(LOGITS, LABELS),
        "cross_entropy_extreme": cross_entropy_record(EXTREME, [1, 2]),
        "distillation": distillation_record(), "readout_weights": readout_weights()}
    with open(pathlib.Path(__file__).parent / "losses.json", "w") as file:
        json.dump(records, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
