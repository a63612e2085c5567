"""Stands in for TensorFlow Serving: a SavedModel behind its gRPC and REST interfaces.

The server's binary is in no package registry. Here the same C++ loader and session run the model,
in a process that has neither `tf_deeppaint` nor Keras, and what is sent over the wire is the same.

    python -m tests.helpers.stand_in FOLDER

prints the two ports as JSON, and serves until its standard input ends.
"""

import base64
import json
import resource
import subprocess
import sys
import threading
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import numpy as np

UNBOUNDED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
ABSENT = ("tf_deeppaint", "keras", "tf_keras", "cv2")


class Model:
    """A SavedModel, loaded and run as the server does it."""

    def __init__(self, folder: str):
        import tensorflow as tf

        self.tf = tf
        with tf.Graph().as_default() as self.graph:
            self.session = tf.compat.v1.Session()
            loaded = tf.compat.v1.saved_model.load(self.session, ["serve"], folder)
        self.signatures = loaded.signature_def
        self.session._extend_graph()

    def run(self, signature: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Runs a signature.

        `Session.run` would compare shapes with the signature's first, which the server does not:
        so this is what lies under it.
        """
        found = self._find(signature)
        if set(inputs) != set(found.inputs):
            words = f"input keys do not match: {sorted(inputs)} and {sorted(found.inputs)}"
            raise self.tf.errors.InvalidArgumentError(None, None, words)
        feeds = {self._tensor(found.inputs[name]): value for name, value in inputs.items()}
        names = sorted(found.outputs)
        fetches = [self._tensor(found.outputs[name]) for name in names]
        values = self.session._call_tf_sessionrun(None, feeds, fetches, [], None)
        return dict(zip(names, values, strict=True))

    def _find(self, signature: str):
        """What a signature takes and gives."""
        # Looked for first: the map of the protocol buffer grows by what it is asked for.
        if signature not in self.signatures:
            words = f'Serving signature key "{signature}" not found.'
            raise self.tf.errors.FailedPreconditionError(None, None, words)
        return self.signatures[signature]

    def _tensor(self, info):
        return self.graph.get_tensor_by_name(info.name)._as_tf_output()

    def from_json(self, signature: str, body: dict) -> dict[str, np.ndarray]:
        """The inputs in a body of JSON, by rows or by columns, as the server's REST API says."""
        infos = dict(self._find(signature).inputs)  # its own map grows as well
        if "instances" in body:
            rows = body["instances"]
            if len(infos) == 1 and not (
                rows and isinstance(rows[0], dict) and "b64" not in rows[0]
            ):
                columns = {next(iter(infos)): rows}
            else:
                columns = {name: [row[name] for row in rows] for name in rows[0]}
        else:
            columns = body["inputs"]
            columns = columns if isinstance(columns, dict) and "b64" not in columns else None
            columns = {next(iter(infos)): body["inputs"]} if columns is None else columns
        return {name: self._array(values, infos[name].dtype) for name, values in columns.items()}

    def _array(self, values: list, dtype: int) -> np.ndarray:
        array = np.array(_decoded(values), self.tf.as_dtype(dtype).as_numpy_dtype)
        if array.dtype == object and not all(isinstance(value, bytes) for value in array.flat):
            raise TypeError("a string is needed")
        return array


def _decoded(value):
    if isinstance(value, dict):
        return base64.b64decode(value["b64"], validate=True)
    if isinstance(value, str):
        return value.encode()
    return [_decoded(part) for part in value] if isinstance(value, list) else value


def _encoded(value, name: str):
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()} if name.endswith("_bytes") else str(value)
    return [_encoded(part, name) for part in value] if isinstance(value, list) else value


def _answer_json(model: Model, body: dict) -> dict:
    signature = body.get("signature_name", "serving_default")
    found = model.run(signature, model.from_json(signature, body))
    values = {name: _encoded(value.tolist(), name) for name, value in found.items()}
    only = next(iter(values.values())) if len(values) == 1 else None
    if "instances" not in body:
        return {"outputs": values if only is None else only}
    rows = [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
    return {"predictions": rows if only is None else only}


def _rest(model: Model) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            """Not the server's: the most memory that was taken, in bytes."""
            self.reply(200, {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10})

        def do_POST(self):
            data = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                self.reply(200, _answer_json(model, json.loads(data)))
            except model.tf.errors.OpError as error:
                self.reply(400, {"error": error.message})
            except (ValueError, KeyError, TypeError) as error:
                self.reply(400, {"error": f"JSON: {error}"})

        def reply(self, status: int, content: dict):
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def _grpc(model: Model):
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    codes = {code.value[0]: code for code in grpc.StatusCode}

    class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
        def Predict(self, request, context):  # noqa: N802
            inputs = {name: model.tf.make_ndarray(value) for name, value in request.inputs.items()}
            signature = request.model_spec.signature_name or "serving_default"
            try:
                found = model.run(signature, inputs)
            except model.tf.errors.OpError as error:
                context.abort(codes[error.error_code], error.message[:1000])
            answer = predict_pb2.PredictResponse()
            for name, value in found.items():
                answer.outputs[name].CopyFrom(model.tf.make_tensor_proto(value))
            return answer

    server = grpc.server(futures.ThreadPoolExecutor(2), options=UNBOUNDED)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Service(), server)
    return server


class StandIn:
    """The server in a process of its own; to be used with `with`.

    Attributes:
        rest: Host and port of REST.
        grpc: Host and port of gRPC.
        channel: An open connection to it.
    """

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(folder)],
            cwd=folder,  # where the package is not
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        ports = json.loads(self.process.stdout.readline())
        self.rest, self.grpc = (f"127.0.0.1:{ports[kind]}" for kind in ("rest", "grpc"))
        self.channel = grpc.insecure_channel(self.grpc, UNBOUNDED)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()
        self.process.stdin.close()
        self.process.wait(60)


def main() -> None:
    import tensorflow as tf

    for name in [*sys.modules, *ABSENT]:
        if name.split(".")[0] in ABSENT:
            sys.modules[name] = None  # importing it fails from here on
    model = Model(sys.argv[1])
    assert tf.version.VERSION
    rest, remote = _rest(model), _grpc(model)
    port = remote.add_insecure_port("127.0.0.1:0")
    remote.start()
    threading.Thread(target=rest.serve_forever, daemon=True).start()
    print(json.dumps({"rest": rest.server_address[1], "grpc": port}), flush=True)
    sys.stdin.read()
    rest.shutdown()
    remote.stop(0).wait()


if __name__ == "__main__":
    main()
