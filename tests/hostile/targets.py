"""The table of targets: each parser that files or requests from outside reach."""

from collections.abc import Callable

from tests.hostile import data_targets, model_targets, request_targets
from tests.hostile.target import Target

TARGETS: dict[str, Callable[[], Target]] = {
    "pictures": data_targets.pictures,
    "sketches": data_targets.sketches,
    "records": data_targets.records,
    "examples": data_targets.examples,
    "verification": data_targets.verification,
    "manifests": data_targets.manifests,
    "shard receipts": data_targets.receipts,
    "plans": data_targets.plans,
    "Danbooru metadata": data_targets.danbooru,
    "pair JSON": data_targets.pairs,
    "palettes JSON": data_targets.palettes,
    "palettes of programs": data_targets.swatches,
    "colors": data_targets.colors,
    "packages": data_targets.packages,
    "wheels": data_targets.wheels,
    "avatar styles": data_targets.avatar_styles,
    "comicgen files": data_targets.comicgen_files,
    ".keras archives": model_targets.archives,
    "generators": model_targets.generators,
    "HDF5 weights": model_targets.weights,
    "NPZ weights": model_targets.arrays,
    "PyTorch checkpoints": model_targets.torch_checkpoints,
    "training checkpoints": model_targets.checkpoints,
    "run directories": request_targets.runs,
    "TF_CONFIG": request_targets.clusters,
    "flagfiles": request_targets.flagfiles,
    "layers": request_targets.layers,
    "hints": request_targets.hints,
    "names of files": request_targets.names,
    "studio requests": request_targets.studio,
    "SavedModel requests": request_targets.served,
    "LiteRT files": model_targets.litert_files,
}
