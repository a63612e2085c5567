"""Makes lpips.npz beside itself: what the package `lpips` computes, for test_lpips.py.

Runs where requirements-lpips.txt is installed, which is far too much for this project's tests:

    python3.11 -m venv ENV && ENV/bin/pip install -r requirements-lpips.txt
    ENV/bin/python make_lpips.py VGG16_LPIPS.npz

The file named is that of `Lpips.load`; of it only VGG16 is used, and the heads are the package's
own. For the second half of the scores VGG16 and heads are `random_arrays`, which the test makes
again: 59 MB that need not be stored.
"""

import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

SEED = 31
PACKAGES = ("lpips", "torch", "torchvision", "numpy")
# The second has sides that no pooling divides.
SIZES = ((32, 48), (45, 37))
CHANNELS = (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
TAPS = (64, 128, 256, 512, 512)


def random_arrays() -> dict[str, np.ndarray]:
    """Weights by the names of `Lpips.load` whose features neither vanish nor grow."""
    rng = np.random.default_rng(SEED)
    arrays = {}
    for i, (before, after) in enumerate(zip((3, *CHANNELS), CHANNELS, strict=False)):
        reach = np.float32((6 / (9 * before)) ** 0.5)
        kernel = rng.random((3, 3, before, after), np.float32)
        arrays[f"VGG16_0.Conv_{i}.kernel"] = (2 * kernel - 1) * reach
        arrays[f"VGG16_0.Conv_{i}.bias"] = 0.2 * rng.random(after, np.float32) - np.float32(0.1)
    for i, channels in enumerate(TAPS):
        arrays[f"NetLinLayer_{i}.Conv_0.kernel"] = rng.random((1, 1, channels, 1), np.float32)
    return arrays


def checksum(arrays: dict[str, np.ndarray]) -> np.ndarray:
    """The sum of each array: shows whether a NumPy still draws the same numbers."""
    return np.array([array.sum(dtype=np.float64) for array in arrays.values()])


def make_pictures(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs uint8 `(4, height, width, 3)`: equal, noisy, shaded, and of nothing in common."""
    rng = np.random.default_rng(height)
    coarse = rng.integers(0, 256, (8, 5, 5, 3))
    flat = coarse.repeat(-(-height // 5), axis=1).repeat(-(-width // 5), axis=2)
    truth, painted = flat[:4, :height, :width], flat[4:, :height, :width].copy()
    painted[:3] = truth[:3]
    painted[1] += rng.integers(-30, 31, truth[1].shape)
    painted[2] = painted[2] * np.linspace(0.5, 1, width)[:, None]
    return np.clip(painted, 0, 255).astype(np.uint8), truth.astype(np.uint8)


def fill(model, arrays: dict[str, np.ndarray], heads: bool) -> None:
    """Puts arrays into the package's VGG16 and, if asked, its heads."""
    import torch

    def put(parameter, array: np.ndarray) -> None:
        parameter.data.copy_(torch.from_numpy(np.ascontiguousarray(array)))

    convs = [part for part in model.net.modules() if isinstance(part, torch.nn.Conv2d)]
    for i, conv in enumerate(convs):
        put(conv.weight, arrays[f"VGG16_0.Conv_{i}.kernel"].transpose(3, 2, 0, 1))
        put(conv.bias, arrays[f"VGG16_0.Conv_{i}.bias"])
    for i, head in enumerate(model.lins if heads else ()):
        put(head.model[-1].weight, arrays[f"NetLinLayer_{i}.Conv_0.kernel"].transpose(3, 2, 0, 1))


def scores(model, *pair: np.ndarray) -> np.ndarray:
    import torch

    planes = (torch.from_numpy(p.transpose(0, 3, 1, 2) / np.float32(127.5) - 1) for p in pair)
    with torch.no_grad():
        return model(*planes).numpy().reshape(-1)


def main() -> None:
    import lpips

    with np.load(sys.argv[1]) as file:
        published = dict(file)
    # A trunk called random is one that is not downloaded.
    options = {"net": "vgg", "pnet_rand": True, "verbose": False}
    models = {
        "random": lpips.LPIPS(pretrained=False, **options),
        "published": lpips.LPIPS(pretrained=True, **options),
    }
    fill(models["random"], random_arrays(), heads=True)
    fill(models["published"], published, heads=False)
    arrays = {"checksum": checksum(random_arrays())}
    for size in SIZES:
        pair = make_pictures(*size)
        group = "{}x{}".format(*size)
        arrays |= {f"{group}/painted": pair[0], f"{group}/truth": pair[1]}
        arrays |= {f"{group}/{name}": scores(model, *pair) for name, model in models.items()}
    # Builds of PyTorch differ behind the plus: +cpu, +cu130.
    pins = [f"{package}=={version(package).split('+')[0]}" for package in PACKAGES]
    target = Path(__file__).with_name("lpips.npz")
    np.savez_compressed(target, made_with=np.array(pins), **arrays)
    print(f"{target.name}: {len(arrays)} arrays, {target.stat().st_size} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
