"""A trained network written for other programs: SavedModel, LiteRT, ONNX, or stock Keras.

A `networks.base.PaintingNetwork` comes in, a file or folder and its model card go out. There are
three forms of the network:

* `serving.signatures` with encoded pictures in and out, written by `saved_model` for TensorFlow
  Serving,
* `stock_keras`: the network rebuilt of Keras's own layers, norms folded into the convolutions,
* `traced_function`: the stock model behind uint8 inputs, as one TensorFlow function; `litert` and
  `onnx_model` convert it. Its docstring lists inputs and outputs, which the files repeat as JSON.

`outputs` writes every file aside, checks it, and renames it. The check is `fidelity`: the artifact,
opened by `artifacts` whatever its format, paints a few drawings, and its pictures must be as near
to the network's as the precision allows. `model_card` describes network, data, scores and hashes.
"""
