"""Networks converted for other runtimes than TensorFlow, as backends of the Painter.

A converted file takes a `sketch`, uint8 `(1, S, S)`, and a `palette`, uint8 `(1, 4, 4, 3)`, and
says in its metadata what it is: `description` reads that. `backend` is what the backends share:
`onnx_backend` runs `.onnx` files by ONNX Runtime; `painting.litert_backend`, which the bundled
model needs, runs `.tflite` files. What the outputs are is said in `exporting.traced_function`.
"""
