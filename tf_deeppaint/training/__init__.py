"""The training of a generator, with "Attentioned Deep Paint"'s discriminator or as a color matcher.

In: data sets built by `deeppaint build`, and `options.TrainingOptions`, the one list of options.
Out: a run directory (`run_directory`) with the generator, checkpoints, metrics and sample sheets.

`loop.train` is the whole of it, in six steps: devices (`distribution`), data and networks (`plan`),
the state of an earlier start (`checkpoints`), then epoch by epoch `fit` and validation
(`validation`), with `callbacks` for what happens between the steps. One training step is
`gan.deep_paint.DeepPaint.train_step`: first the discriminator learns to tell real pairs of sketch
and picture from painted ones, those of a pool of past pictures (`gan.image_pool`); then the
generator learns through it, with an L1 term that weighs 100 (`gan.losses`). A color matcher's is
`matching.color_matching.ColorMatching.train_step`. All use Adam (`optimizers`).

Conventions: batches are `{"sketch": (N, H, W, 3), "palette": (N, 4, 4, 3), "picture":
(N, H, W, 3)}`, float32 in [-1, 1]; losses are float32 scalars; steps are counted from the start of
the run. A step that is not finite changes no weight. The state after a step depends on the options
alone, so that a resumed run ends with the weights of one that was never stopped.

The objective is that of pix2pix (Isola et al., arXiv:1611.07004), the pool that of Shrivastava et
al. (arXiv:1612.07828).
"""
