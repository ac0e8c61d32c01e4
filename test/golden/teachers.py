"""Teachers as others write them: scikit-learn's logistic regression in the graphs that its converters and PyTorch's make.

teachers/teachers.json      rows, and the probabilities that scikit-learn gives them
teachers/zipmap_*.onnx      as skl2onnx writes a classifier: LinearClassifier, Normalizer and a ZipMap; classes as text or numbers
teachers/float16.onnx, bfloat16.onnx, double.onnx   inputs and outputs of these types
teachers/no_shape.onnx      an output whose shape the file does not tell
teachers/symbolic.onnx      an output of shape (N, C), both open
teachers/image.onnx         reads (N, 1, 2, 2) with height and width open
teachers/mlnet.onnx         slot names and an output's name as ML.NET's converter writes them, the classes in another order
"""
import json
import os

import numpy as np
from onnx import TensorProto, ValueInfoProto, checker, helper, numpy_helper, save
from sklearn.linear_model import LogisticRegression

os.makedirs("teachers", exist_ok=True)
random = np.random.RandomState(1)


def draw(count):
    points = random.uniform(-1, 1, (count, 4)).astype(np.float32)
    return points, (points[:, 0] > 0).astype(int) + 2 * (points[:, 1] > 0).astype(int)


features, quarters = draw(400)
names = [f"quarter {quarter}" for quarter in range(4)]
model = LogisticRegression(C=10, max_iter=1000).fit(features.astype(np.float64), quarters)
rows, _ = draw(6)
probabilities = model.predict_proba(rows.astype(np.float64))
with open("teachers/teachers.json", "w") as file:
    json.dump({"rows": rows.tolist(), "probabilities": probabilities.tolist()}, file, indent=1)

weight, bias = model.coef_.T.astype(np.float32), model.intercept_.astype(np.float32)  # (4, C), (C)


def write(name, nodes, inputs, outputs, constants=(), producer="golden"):
    graph = helper.make_graph(nodes, name, inputs, outputs, [numpy_helper.from_array(value, key) for key, value in constants])
    made = helper.make_model(graph, producer_name=producer, ir_version=8,
                             opset_imports=[helper.make_opsetid("", 13), helper.make_opsetid("ai.onnx.ml", 1 if name.startswith("zipmap") else 2)])
    if name != "no_shape":  # the checker wants shapes; tools that write none, and ONNX Runtime, do not
        checker.check_model(made)
    save(made, f"teachers/{name}.onnx")


def value(name, kind, *shape):
    return helper.make_tensor_value_info(name, kind, shape or None)


def linear(source, weight_name="weight", bias_name="bias"):
    return [helper.make_node("MatMul", [source, weight_name], ["product"]), helper.make_node("Add", ["product", bias_name], ["logits"]),
            helper.make_node("Softmax", ["logits"], ["scores"], axis=1)]


def maps(classes):
    made = ValueInfoProto(name="output_probability")
    made.type.sequence_type.elem_type.map_type.key_type = classes
    made.type.sequence_type.elem_type.map_type.value_type.tensor_type.elem_type = TensorProto.FLOAT
    return made


def zipmap(name, classes, keys, map_classes):
    write(name, [
        helper.make_node("LinearClassifier", ["X"], ["label", "raw"], domain="ai.onnx.ml", coefficients=model.coef_.ravel().tolist(),
                         intercepts=model.intercept_.tolist(), multi_class=1, post_transform="SOFTMAX", **classes),
        helper.make_node("Normalizer", ["raw"], ["probabilities"], domain="ai.onnx.ml", norm="L1"),
        helper.make_node("ZipMap", ["probabilities"], ["output_probability"], domain="ai.onnx.ml", **keys),
        helper.make_node("Identity", ["label"], ["output_label"]),
    ], [value("X", TensorProto.FLOAT, None, 4)], [
        value("output_label", TensorProto.STRING if "classlabels_strings" in classes else TensorProto.INT64, None),
        maps(map_classes),
    ])


zipmap("zipmap_text", {"classlabels_strings": names}, {"classlabels_strings": names}, TensorProto.STRING)
zipmap("zipmap_numbers", {"classlabels_ints": [0, 1, 2, 3]}, {"classlabels_int64s": [0, 1, 2, 3]}, TensorProto.INT64)
plain = [("weight", weight), ("bias", bias)]
named = [helper.make_node("Identity", ["scores"], ["Score"])]
for name, kind in (("float16", TensorProto.FLOAT16), ("bfloat16", TensorProto.BFLOAT16), ("double", TensorProto.DOUBLE)):
    write(name, [helper.make_node("Cast", ["X"], ["x"], to=TensorProto.FLOAT), *linear("x"), helper.make_node("Cast", ["scores"], ["Score"], to=kind)],
          [value("X", kind, "N", 4)], [value("Score", kind, "N", 4)], plain)
write("no_shape", linear("X") + named, [value("X", TensorProto.FLOAT, "N", 4)], [helper.make_tensor_value_info("Score", TensorProto.FLOAT, None)], plain)
write("symbolic", linear("X") + [helper.make_node("Reshape", ["scores", "open"], ["Score"])],
      [value("X", TensorProto.FLOAT, "N", 4), value("open", TensorProto.INT64, 2)][:1], [value("Score", TensorProto.FLOAT, "N", "C")],
      plain + [("open", np.array([-1, 4], np.int64))])
write("image", [helper.make_node("Flatten", ["X"], ["x"], axis=1)] + linear("x") + named,
      [value("X", TensorProto.FLOAT, "N", 1, "height", "width")], [value("Score", TensorProto.FLOAT, "N", 4)], plain)
order = [3, 1, 0, 2]
slots = helper.make_node("LabelEncoder", ["place"], ["unused"], name="mlnet.Score.SlotNames", domain="ai.onnx.ml", keys_strings=[names[c] for c in order], values_int64s=[0, 1, 2, 3])
write("mlnet", linear("Features") + [helper.make_node("Identity", ["scores"], ["Score.output"]), slots], [value("Features", TensorProto.FLOAT, "N", 4)],
      [value("Score.output", TensorProto.FLOAT, "N", 4)], [("weight", weight[:, order].copy()), ("bias", bias[order].copy()), ("place", np.array(["a"], dtype=object))], producer="ML.NET")
