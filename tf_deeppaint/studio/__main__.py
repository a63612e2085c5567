"""Opens the studio: a web page on this machine to color sketches on.

    deeppaint studio
    deeppaint studio --model=runs/quickstart --port=8000
    deeppaint studio --root_path=/paint --allowed_hosts=paint.example

It is open until Ctrl-C. Nothing is sent to other machines; all files are removed at the end.
"""

from absl import flags

from tf_deeppaint.utils import programs

_MODEL = flags.DEFINE_string(
    "model",
    None,
    "A run directory, or a .keras, .tflite or .onnx file; by default the bundled model.",
)
_PORT = flags.DEFINE_integer(
    "port", 7860, "The port of the page; 0 for any that is free.", 0, 65535
)
_HOST = flags.DEFINE_string(
    "host",
    "127.0.0.1",
    "The address to listen on; with any other than the default, other machines can connect.",
)

_ROOT_PATH = flags.DEFINE_string(
    "root_path", "", "Behind a proxy: the path where it has the page, such as /paint."
)
_ALLOWED_HOSTS = flags.DEFINE_list(
    "allowed_hosts",
    [],
    "Names of this machine or of a proxy, comma-separated: requests to other names than these, "
    "localhost and --host are refused.",
)


def main() -> None:
    from tf_deeppaint.studio.server import serve

    def load():
        from tf_deeppaint.painting.painter import Painter

        return Painter.load(_MODEL.value)

    serve(load, _HOST.value, _PORT.value, _ROOT_PATH.value, _ALLOWED_HOSTS.value)


if __name__ == "__main__":
    programs.run(main)
