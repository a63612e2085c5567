"""How the weights follow the gradients: Adam, its learning rate over the steps, and its options."""

import keras

from tf_deeppaint.training.optimizers import ADAM, Adam

SCHEDULES = ("constant", "linear", "cosine")


def make_adam(
    learning_rate: float,
    schedule: str,
    steps: int,
    clip_norm: float = 0.0,
    accumulate: int = 1,
    ema: float = 0.0,
) -> Adam:
    """Adam with the reference's moments.

    Args:
        learning_rate: At the start.
        schedule: `"constant"`; `"linear"` or `"cosine"`, which fall to 0 at the end.
        steps: Steps of the whole training.
        clip_norm: The gradients' largest norm, all of them taken together; 0 leaves them alone.
        accumulate: Steps whose gradients are averaged before the weights change.
        ema: Share of the old that an average of the weights keeps at a step; 0 keeps no average.
            `keras.optimizers.Optimizer.finalize_variable_values` puts it in the weights' place.

    Raises:
        ValueError: no such schedule.
    """
    if schedule not in SCHEDULES:
        raise ValueError(f"schedule={schedule!r}: one of {SCHEDULES}")
    rate: float | keras.optimizers.schedules.LearningRateSchedule = learning_rate
    if schedule == "linear":
        rate = keras.optimizers.schedules.PolynomialDecay(learning_rate, steps, 0.0)
    elif schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    return Adam(
        **ADAM | {"learning_rate": rate},
        global_clipnorm=clip_norm or None,
        gradient_accumulation_steps=accumulate if accumulate > 1 else None,
        use_ema=ema > 0,
        ema_momentum=ema or 0.99,
    )
