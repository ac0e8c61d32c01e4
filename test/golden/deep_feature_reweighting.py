"""Writes deep_feature_reweighting.safetensors and .json: scikit-learn's part of deep feature reweighting.

For 2 and 3 classes: embeddings of 300 rows of 24 features that are correlated and of unequal scale (one is constant,
one almost always 0), their classes and groups. The scaler is StandardScaler over all rows. Ten subsets have 14 rows of
each group. To each subset LogisticRegression(penalty="l1", solver="liblinear") is fitted on the standardised rows, run
to its end (tol 1e-9), for every C; coefficients and intercepts are averaged over the subsets. liblinear penalises the
intercept too, and fits one class against the rest where there are more than two.

Tensors, float32 and int64: <classes>/embeddings (300, 24), labels (300), subsets (10, 14 * groups);
<classes>/mean, deviation (24); <classes>/first/<C> (K, 25), the fit to the first subset, and <classes>/mean/<C>
(K, 25), the average, each coefficients and intercept on the standardised embedding, K = 1 for two classes.
<classes>/decision/<C> (300, K): decision values of the average. The json lists the Cs, how many coefficients are zero,
and how far the optimum with an unpenalised intercept is, which a solver that leaves it out would find.
"""
import json
import pathlib

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import safetensors_file

FOLDER = pathlib.Path(__file__).parent
ROWS, FEATURES, PER_GROUP, SUBSETS = 300, 24, 14, 10
STRENGTHS = [1.0, 0.7, 0.3, 0.1, 0.07, 0.03]


def draw(classes, random):
    labels = random.randint(classes, size=ROWS)
    cue = np.where(random.uniform(size=ROWS) < 0.75, labels, random.randint(classes, size=ROWS))
    groups = labels * 2 + (cue != labels)
    centres = random.normal(size=(classes, 6)) * 0.8
    latent = np.concatenate([centres[labels] + random.normal(size=(ROWS, 6)), 2 * np.eye(classes)[cue] + 0.3 * random.normal(size=(ROWS, classes))], 1)
    embeddings = np.maximum(latent @ random.normal(size=(latent.shape[1], FEATURES)) + 0.5, 0) * random.uniform(0.01, 20, FEATURES)
    embeddings[:, 3] = 1.5
    embeddings[:, 4] = (np.arange(ROWS) == 7) * 0.25
    return embeddings.astype(np.float32), labels, groups


def fit(rows, labels, strength, penalise_intercept=True):
    scaling = 1.0 if penalise_intercept else 100.0
    model = LogisticRegression(penalty="l1", solver="liblinear", C=strength, tol=1e-9, max_iter=5000, intercept_scaling=scaling, random_state=0)
    model.fit(rows, labels)
    assert np.max(model.n_iter_) < 5000
    return np.concatenate([model.coef_, model.intercept_[:, None]], 1)


def run(classes, random):
    embeddings, labels, groups = draw(classes, random)
    members = [np.flatnonzero(groups == group) for group in range(2 * classes)]
    assert min(len(rows) for rows in members) >= PER_GROUP
    subsets = np.stack([np.concatenate([random.permutation(rows)[:PER_GROUP] for rows in members]) for _ in range(SUBSETS)])
    scaler = StandardScaler().fit(embeddings.astype(np.float64))
    scaled = scaler.transform(embeddings.astype(np.float64))
    tensors = {"embeddings": embeddings, "labels": labels.astype(np.int64), "subsets": subsets.astype(np.int64),
               "mean": scaler.mean_.astype(np.float32), "deviation": scaler.scale_.astype(np.float32)}
    zeros, apart = {}, {}
    for strength in STRENGTHS:
        fits = [fit(scaled[rows], labels[rows], strength) for rows in subsets]
        average = np.mean(fits, 0)
        tensors |= {f"first/{strength}": fits[0].astype(np.float32), f"mean/{strength}": average.astype(np.float32),
                    f"decision/{strength}": (scaled @ average[:, :-1].T + average[:, -1]).astype(np.float32)}
        zeros[str(strength)] = int((fits[0] == 0).sum())
        apart[str(strength)] = float(f"{np.abs(fit(scaled[subsets[0]], labels[subsets[0]], strength, False) - fits[0]).max():.3g}")
    return tensors, {"strengths": STRENGTHS, "zeros_of_first": zeros, "unpenalised_intercept_distance": apart}


if __name__ == "__main__":
    random = np.random.RandomState(20220406)
    all_tensors, record = {}, {}
    for classes in (2, 3):
        tensors, record[str(classes)] = run(classes, random)
        all_tensors |= {f"{classes}/{name}": np.asarray(value) for name, value in tensors.items()}
    safetensors_file.save(FOLDER / "deep_feature_reweighting.safetensors", all_tensors)
    (FOLDER / "deep_feature_reweighting.json").write_text(json.dumps(record, indent=1) + "\n")
