"""Writes text_encoder.safetensors.

Two small text encoders, written here from the papers and from nothing else: BERT (post-norm layers, GELU by the error
function, token types) and DistilBERT (the same without token types), with random weights under Hugging Face's names, old
names (gamma, beta) for BERT's layer norms. Logits by the mean over tokens and by the first token, what each layer puts out, and
BERT after 25 steps of AdamW in float32 on one thread without dropout:

    rate_t = 2e-3 * (t + 1) / 5 for t < 5, then 2e-3 * (1 - (t - 5) / 20); weight decay 0.01; gradient norm at most 1; epsilon 1e-4

The gradient of a key's bias is 0 but for rounding, which AdamW with its usual epsilon would make a step of.

Tensors: data/ids (6, 9) int64, 0 where padded, 2 is [CLS], 3 is [SEP]; data/steps (25, 8, 9), data/labels (25, 8);
bert/<name> and distilbert/<name>; for each of both kinds <kind>/mean, <kind>/first (6, 3), <kind>/stage0 to stage3 (6, 9, 24);
final/<name> and final/losses (25) of the mean, by today's names.
"""
import math
import pathlib

import numpy as np
import torch

import safetensors_file

FOLDER = pathlib.Path(__file__).parent
VOCABULARY, WIDTH, LAYERS, HEADS, INNER, POSITIONS, CLASSES = 40, 24, 3, 3, 36, 12, 3
STEPS, WARM_UP, RATE, DECAY, EPSILON = 25, 5, 2e-3, 0.01, 1e-4


def weights(random):
    def normal(*shape, scale=0.3):
        return (random.normal(size=shape) * scale).astype(np.float32)

    w = {"embeddings.word_embeddings.weight": normal(VOCABULARY, WIDTH), "embeddings.position_embeddings.weight": normal(POSITIONS, WIDTH),
         "embeddings.token_type_embeddings.weight": normal(2, WIDTH)}

    def norm(name):
        w[name + ".weight"], w[name + ".bias"] = 1 + normal(WIDTH), normal(WIDTH)

    def linear(name, outputs, inputs):
        w[name + ".weight"], w[name + ".bias"] = normal(outputs, inputs), normal(outputs)

    norm("embeddings.LayerNorm")
    for k in range(LAYERS):
        layer = f"encoder.layer.{k}."
        for part in ("query", "key", "value"):
            linear(layer + "attention.self." + part, WIDTH, WIDTH)
        linear(layer + "attention.output.dense", WIDTH, WIDTH)
        norm(layer + "attention.output.LayerNorm")
        linear(layer + "intermediate.dense", INNER, WIDTH)
        linear(layer + "output.dense", WIDTH, INNER)
        norm(layer + "output.LayerNorm")
    linear("classifier", CLASSES, WIDTH)
    return {name: torch.from_numpy(value) for name, value in w.items()}


def norm(w, name, x):
    centred = x - x.mean(-1, keepdim=True)
    return centred / torch.sqrt((centred ** 2).mean(-1, keepdim=True) + 1e-12) * w[name + ".weight"] + w[name + ".bias"]


def linear(w, name, x):
    return torch.einsum("blh,oh->blo", x, w[name + ".weight"]) + w[name + ".bias"]


def forward(w, ids, types):
    """All stages, (B, L, H), zero where padded."""
    rows, length = ids.shape
    seen = ids > 0
    x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][torch.arange(length)]
    if types:
        of = torch.zeros_like(ids)
        for row in range(rows):  # 1 from the token after the first [SEP] on
            first = int((ids[row] == 3).nonzero()[0])
            of[row, first + 1:] = 1
        x = x + w["embeddings.token_type_embeddings.weight"][of]
    x = norm(w, "embeddings.LayerNorm", x) * seen[..., None]
    stages = [x]
    for k in range(LAYERS):
        layer = f"encoder.layer.{k}."
        q, key, v = (linear(w, layer + "attention.self." + part, x) for part in ("query", "key", "value"))
        read, size = torch.zeros_like(x), WIDTH // HEADS
        parts = []
        for head in range(HEADS):
            of = slice(head * size, (head + 1) * size)
            scores = torch.einsum("bih,bjh->bij", q[..., of], key[..., of]) / math.sqrt(size)
            scores = scores.masked_fill(~seen[:, None, :], float("-inf"))
            parts.append(torch.einsum("bij,bjh->bih", torch.exp(scores - torch.logsumexp(scores, -1, keepdim=True)), v[..., of]))
        read = torch.cat(parts, -1)
        x = norm(w, layer + "attention.output.LayerNorm", x + linear(w, layer + "attention.output.dense", read))
        inner = linear(w, layer + "intermediate.dense", x)
        inner = inner * 0.5 * (1 + torch.erf(inner / math.sqrt(2)))
        x = norm(w, layer + "output.LayerNorm", x + linear(w, layer + "output.dense", inner)) * seen[..., None]
        stages.append(x)
    return stages


def logits(w, stages, ids, mean):
    last = stages[-1]
    pooled = last.sum(1) / (ids > 0).sum(1, keepdim=True) if mean else last[:, 0]
    return pooled @ w["classifier.weight"].T + w["classifier.bias"]


def texts(random, rows, length=9):
    ids = np.zeros((rows, length), np.int64)
    for row in range(rows):
        count = length if row == 0 else random.integers(3, length + 1)
        ids[row, 0], ids[row, count - 1] = 2, 3
        ids[row, 1:count - 1] = random.integers(4, VOCABULARY, count - 2)
        if count > 5 and row % 2 == 0:
            ids[row, count // 2] = 3  # a pair
    return ids


def train(w, steps, labels, dtype):
    w = {name: value.to(dtype).clone().requires_grad_() for name, value in w.items()}
    optimiser = torch.optim.AdamW(list(w.values()), lr=RATE, weight_decay=DECAY, eps=EPSILON)
    losses = []
    for t in range(STEPS):
        rate = RATE * ((t + 1) / WARM_UP if t < WARM_UP else 1 - (t - WARM_UP) / (STEPS - WARM_UP))
        optimiser.param_groups[0]["lr"] = rate
        loss = torch.nn.functional.cross_entropy(logits(w, forward(w, steps[t], True), steps[t], True), labels[t])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(w.values()), 1.0)
        optimiser.step()
        losses.append(loss.item())
    return {name: value.detach() for name, value in w.items()}, losses


DISTIL = [("encoder.layer.", "transformer.layer."), ("attention.self.query", "attention.q_lin"), ("attention.self.key", "attention.k_lin"),
          ("attention.self.value", "attention.v_lin"), ("attention.output.dense", "attention.out_lin"),
          ("attention.output.LayerNorm", "sa_layer_norm"), ("intermediate.dense", "ffn.lin1")]


def distil_name(name):
    if name.startswith("encoder."):
        name = name.replace(".output.LayerNorm", ".output_layer_norm").replace("attention.output_layer_norm", "sa_layer_norm")
        for ours, theirs in DISTIL:
            name = name.replace(ours, theirs)
        name = name.replace(".output.dense", ".ffn.lin2")
    return name if name.startswith("classifier") else "distilbert." + name


if __name__ == "__main__":
    torch.set_num_threads(1)
    random = np.random.default_rng(12)
    w, ids = weights(random), torch.from_numpy(texts(random, 6))
    steps = torch.from_numpy(np.stack([texts(random, 8) for _ in range(STEPS)]))
    labels = torch.from_numpy(random.integers(0, CLASSES, (STEPS, 8)))
    tensors = {"data/ids": ids.numpy(), "data/steps": steps.numpy(), "data/labels": labels.numpy()}
    for kind, types in (("bert", True), ("distilbert", False)):
        for name, value in w.items():
            if kind == "bert":
                old = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
                tensors["bert/" + (old if name.startswith("classifier") else "bert." + old)] = value.numpy()
            elif "token_type" not in name:
                tensors["distilbert/" + distil_name(name)] = value.numpy()
        stages = forward(w, ids, types)
        exact = forward({name: value.double() for name, value in w.items()}, ids, types)
        assert max(float((a - b).abs().max()) for a, b in zip(stages, exact)) < 1e-5
        tensors |= {f"{kind}/stage{k}": stage.numpy() for k, stage in enumerate(stages)}
        tensors |= {f"{kind}/{way}": logits(w, stages, ids, way == "mean").numpy() for way in ("mean", "first")}
    final, losses = train(w, steps, labels, torch.float32)
    exact, _ = train(w, steps, labels, torch.float64)
    away = max(float((final[name] - exact[name]).abs().max() / exact[name].abs().max()) for name in final)
    assert away < 1e-4, away
    print(f"float64 ends {away:.2g} from float32; losses {losses[0]:.4f} to {losses[-1]:.4f}")
    tensors |= {"final/" + name: value.numpy() for name, value in final.items()} | {"final/losses": np.array(losses, np.float32)}
    safetensors_file.save(FOLDER / "text_encoder.safetensors", tensors)
