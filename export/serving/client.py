r"""Colors a sketch on a TensorFlow Serving server, over REST or gRPC.

    python -m export.serving.client --sketch=a.png --reference=b.png --output=c.png
    python -m export.serving.client --protocol=grpc --server=localhost:8500 \
        --sketch=a.png --palette=p.json --output=c.png

Over REST it needs no TensorFlow; `paint_over_rest` and `paint_over_grpc` can be copied elsewhere.
"""

import base64
import http.client
import json
import re
import urllib.error
import urllib.request

from absl import flags

from tf_deeppaint.utils import programs

# For the answer to a request.
_SECONDS = 120

_SERVER = flags.DEFINE_string(
    "server", "localhost:8501", "Host and port: of REST, or with --protocol=grpc of gRPC."
)
_PROTOCOL = flags.DEFINE_enum("protocol", "rest", ["rest", "grpc"], "How to talk to it.")
_NAME = flags.DEFINE_string("name", "deeppaint", "The model's name there.")
_SKETCH = flags.DEFINE_string("sketch", None, "The sketch, an encoded picture.", required=True)
_REFERENCE = flags.DEFINE_string("reference", None, "The picture to take the colors from.")
_PALETTE = flags.DEFINE_string("palette", None, "Or a palette, JSON.")
_OUTPUT = flags.DEFINE_string("output", None, "The colored picture, a PNG.", required=True)


def main() -> None:
    from tf_deeppaint.palette.palette_files import load_palette
    from tf_deeppaint.utils.errors import DeepPaintError
    from tf_deeppaint.utils.files import read_bytes, write_bytes

    if (_REFERENCE.value is None) == (_PALETTE.value is None):
        raise DeepPaintError("give the colors either as --reference or as --palette")
    sketch = read_bytes(_SKETCH.value)
    if _REFERENCE.value is not None:
        colors = read_bytes(_REFERENCE.value)
    else:
        colors = load_palette(_PALETTE.value).tolist()
    paint = {"rest": paint_over_rest, "grpc": paint_over_grpc}[_PROTOCOL.value]
    try:
        picture = paint(_SERVER.value, _NAME.value, sketch, colors)
    except ConnectionError as error:
        # What is wrong with a picture, out of what TensorFlow puts around it.
        told = re.search(r"assertion failed: \[(.*)\]", str(error))
        reason = told[1] if told else error
        raise DeepPaintError(f"--server={_SERVER.value}: {reason}") from error
    write_bytes(_OUTPUT.value, picture)
    print(_OUTPUT.value)


def paint_over_rest(server: str, name: str, sketch: bytes, colors: bytes | list) -> bytes:
    """Colors a sketch over REST.

    Args:
        server: Host and port.
        name: The model's name.
        sketch: An encoded picture.
        colors: An encoded picture, or a palette as lists, 4 x 4 x 3.

    Returns:
        A PNG.

    Raises:
        ConnectionError: The server is not there, refuses the request, or answers otherwise than
            TensorFlow Serving does.
    """
    instance = {"sketch_bytes": {"b64": base64.b64encode(sketch).decode()}}
    if isinstance(colors, bytes):
        instance["reference_bytes"] = {"b64": base64.b64encode(colors).decode()}
    else:
        instance["palette"] = colors
    signature = "serving_default" if isinstance(colors, bytes) else "paint_palette"
    body = json.dumps({"signature_name": signature, "instances": [instance]}).encode()
    request = urllib.request.Request(
        f"http://{server}/v1/models/{name}:predict", body, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            # The only output has no name in this form; in others it is `image_bytes`.
            return base64.b64decode(json.load(answer)["predictions"][0]["b64"])
    except urllib.error.HTTPError as error:
        raise ConnectionError(_reason(error.read()) or error.reason) from error
    except (OSError, http.client.HTTPException) as error:
        raise ConnectionError(str(error)) from error
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise ConnectionError("its answer is not TensorFlow Serving's") from error


def _reason(answer: bytes) -> str:
    try:
        return str(json.loads(answer)["error"])
    except (ValueError, KeyError, TypeError):
        return ""


def paint_over_grpc(server: str, name: str, sketch: bytes, colors: bytes | list) -> bytes:
    """Colors a sketch over gRPC, which needs tensorflow-serving-api; see `paint_over_rest`."""
    import grpc
    from tensorflow.core.framework import types_pb2
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    request = predict_pb2.PredictRequest()
    request.model_spec.name = name
    _set(request.inputs["sketch_bytes"], types_pb2.DT_STRING, 1, string_val=[sketch])
    if isinstance(colors, bytes):
        _set(request.inputs["reference_bytes"], types_pb2.DT_STRING, 1, string_val=[colors])
    else:
        request.model_spec.signature_name = "paint_palette"
        levels = bytes(level for band in colors for color in band for level in color)
        palette = request.inputs["palette"]
        _set(palette, types_pb2.DT_UINT8, 1, 4, 4, 3, tensor_content=levels)
    unbounded = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(server, unbounded) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        try:
            answer = stub.Predict(request, timeout=_SECONDS)
        except grpc.RpcError as error:
            raise ConnectionError(f"{error.code().name}: {error.details()}") from error
    return answer.outputs["image_bytes"].string_val[0]


def _set(tensor, dtype: int, *shape: int, **content) -> None:
    """Fills a TensorProto; `tf.make_tensor_proto` does the same, where there is TensorFlow."""
    tensor.MergeFrom(type(tensor)(dtype=dtype, **content))
    for side in shape:
        tensor.tensor_shape.dim.add(size=side)


if __name__ == "__main__":
    programs.run(main)
