"""Writes group_dro.json: the online algorithm of group DRO on small tensors, in float64.

With l_g the mean cross-entropy of the batch's rows of group g (0 where there are none), at each step
    q_g <- q_g * exp(eta * l_g), then q <- q / sum(q); the loss is sum_g q_g * l_g, and q takes no gradient.
q starts at 1 / groups. Given are groups, eta, and for each step logits, labels, groups of the rows, and then the loss,
its gradient by the logits, and q.
"""
import json
import pathlib

import numpy as np
import torch

GROUPS, CLASSES, ROWS, STEPS, ETA = 4, 3, 12, 6, 0.3


def main():
    random = np.random.RandomState(20200107)
    shares = np.full(GROUPS, 1.0 / GROUPS)
    steps = []
    for step in range(STEPS):
        values, labels = random.normal(size=(ROWS, CLASSES)) * 2, random.randint(CLASSES, size=ROWS)
        groups = random.randint(GROUPS - (step % 2), size=ROWS)  # every other batch lacks the last group
        logits = torch.tensor(values, requires_grad=True)
        losses = -torch.log_softmax(logits, 1)[torch.arange(ROWS), torch.tensor(labels)]
        means = [losses[torch.tensor(groups == group)].mean() if (groups == group).any() else torch.zeros((), dtype=torch.float64) for group in range(GROUPS)]
        shares = shares * np.exp(ETA * np.array([mean.item() for mean in means]))
        shares = shares / shares.sum()
        loss = sum(share * mean for share, mean in zip(shares, means))
        loss.backward()
        steps.append({"logits": values.tolist(), "labels": labels.tolist(), "groups": groups.tolist(), "loss": loss.item(),
                      "gradient": logits.grad.tolist(), "shares": shares.tolist()})
    assert all(step["shares"][-1] > 0 for step in steps) and any(GROUPS - 1 not in step["groups"] for step in steps)
    record = {"groups": GROUPS, "eta": ETA, "steps": steps}
    (pathlib.Path(__file__).parent / "group_dro.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
