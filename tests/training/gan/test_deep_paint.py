"""The training step, against a plain transcription of the published step."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.numpy_networks import randomize
from tf_deeppaint import DeepPaint, Discriminator, Generator
from tf_deeppaint.training.gan import deep_paint, losses
from tf_deeppaint.training.gan.losses import Objective
from tf_deeppaint.training.trainer import to_batch

SIZE, WIDTH, BATCH, STEPS, POOL, SEED = 64, 4, 2, 3, 2, 4
# Far below 100, so that the gradient through the discriminator is not lost beside that of L1.
WEIGHT = 2.0
RATES = (2e-4, 4e-4)
# Adam divides a gradient by its own size, and so makes whole steps of the rounding errors that
# stand in for a zero gradient (a bias before a norm): with 1e-8 two correct runs part at once.
# With this epsilon they stay together to 1e-6, and steps remain in proportion to gradients.
EPSILON = 1e-2
GENERATOR_CONVS, DISCRIMINATOR_CONVS = 57, 5


def batches(count: int = STEPS, size: int = SIZE) -> list[dict]:
    rng = np.random.default_rng(1)
    shapes = {"sketch": (size, size, 3), "palette": (4, 4, 3), "picture": (size, size, 3)}
    return [
        {
            key: rng.uniform(-1, 1, (BATCH, *shape)).astype("float32")
            for key, shape in shapes.items()
        }
        for _ in range(count)
    ]


def dataset(of: list[dict]) -> tf.data.Dataset:
    stacked = {key: np.stack([batch[key] for batch in of]) for key in of[0]}
    return tf.data.Dataset.from_tensor_slices(stacked)


def networks() -> tuple[Generator, Discriminator]:
    keras.utils.set_random_seed(SEED)
    return Generator(WIDTH, size=SIZE, seed=SEED), Discriminator(WIDTH)


def histogram_images(palettes: np.ndarray) -> np.ndarray:
    """Image i (channels 3 i ..) holds in band b that band's i-th color."""
    images = np.zeros((len(palettes), SIZE, SIZE, 12), "float32")
    for band in range(4):
        for i in range(4):
            rows = slice(band * SIZE // 4, (band + 1) * SIZE // 4)
            images[:, rows, :, 3 * i : 3 * i + 3] = palettes[:, band, i][:, None, None]
    return images


class PlainAdam:
    """Kingma & Ba, end of section 2: the form with the corrections in the step size."""

    def __init__(self, variables: list, rate: float) -> None:
        self.variables = variables
        self.rate = rate
        self.first = [np.zeros(v.shape) for v in variables]
        self.second = [np.zeros(v.shape) for v in variables]
        self.steps = 0

    def apply(self, gradients: list) -> None:
        self.steps += 1
        step = self.rate * (1 - 0.999**self.steps) ** 0.5 / (1 - 0.5**self.steps)
        for i, (variable, gradient) in enumerate(zip(self.variables, gradients, strict=True)):
            gradient = np.asarray(gradient, "float64")
            self.first[i] = 0.5 * self.first[i] + 0.5 * gradient
            self.second[i] = 0.999 * self.second[i] + 0.001 * gradient**2
            change = step * self.first[i] / (np.sqrt(self.second[i]) + EPSILON)
            variable.assign(np.asarray(variable, "float64") - change)


class PlainTraining:
    """The published step in its own order, eagerly, on one persistent tape."""

    def __init__(self) -> None:
        self.generator, self.discriminator = networks()
        self.generator_adam = PlainAdam(self.generator.trainable_variables, RATES[0])
        variables = self.discriminator.trainable_variables
        self.discriminator_adam = PlainAdam(variables, RATES[1])
        self.stored = []
        self.draws = keras.random.SeedGenerator(SEED)
        self.losses = []

    def step(self, batch: dict) -> None:
        sketch, picture = batch["sketch"], batch["picture"]
        inputs = {"sketch": sketch, "histogram": histogram_images(batch["palette"])}
        with tf.GradientTape(persistent=True) as tape:
            painted = self.generator(inputs, training=True)
            past = self.exchange(np.concatenate([sketch, painted.numpy()], axis=-1))
            real = self.discriminator(np.concatenate([sketch, picture], axis=-1), training=True)
            fake = self.discriminator(past, training=True)
            discriminator_loss = (cross_entropy(real, 1.0) + cross_entropy(fake, 0.0)) / 2
            with tape.stop_recording():
                variables = self.discriminator_adam.variables
                self.discriminator_adam.apply(tape.gradient(discriminator_loss, variables))
            judged = self.discriminator(tf.concat([sketch, painted], axis=-1), training=True)
            l1 = tf.reduce_mean(tf.abs(picture - painted))
            generator_loss = cross_entropy(judged, 1.0) + WEIGHT * l1
        self.generator_adam.apply(tape.gradient(generator_loss, self.generator_adam.variables))
        self.losses.append([float(discriminator_loss), float(generator_loss), float(l1)])

    def exchange(self, pairs: np.ndarray) -> np.ndarray:
        first, second = tf.random.split(tf.cast(self.draws.next(), tf.int32), 2)
        slots = tf.random.stateless_uniform((BATCH,), first, 0, POOL, tf.int32).numpy()
        swaps = tf.random.stateless_uniform((BATCH,), second).numpy() < 0.5
        shown = []
        for pair, slot, swap in zip(pairs, slots, swaps, strict=True):
            if len(self.stored) < POOL:
                self.stored.append(pair)
            elif swap:
                pair, self.stored[slot] = self.stored[slot], pair
            shown.append(pair)
        return np.stack(shown)


def cross_entropy(logits, label: float):
    labels = tf.fill(tf.shape(logits), label)
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels, logits))


class LossesOfSteps(keras.callbacks.Callback):
    """Turns the running means that Keras hands over back into each step's losses."""

    def on_train_begin(self, logs=None):
        self.totals = [np.zeros(3)]

    def on_train_batch_end(self, batch, logs=None):
        means = [logs[name] for name in ("discriminator_loss", "generator_loss", "l1")]
        self.totals.append(np.array(means, "float64") * (batch + 1))

    @property
    def losses(self) -> np.ndarray:
        return np.diff(self.totals, axis=0)


@pytest.fixture(scope="module")
def plain() -> PlainTraining:
    training = PlainTraining()
    for batch in batches():
        training.step(batch)
    return training


@pytest.fixture(
    scope="module",
    # Tracing and optimizing the graph of the step takes long; running it eagerly does not.
    params=[
        pytest.param(True, id="eager"),
        pytest.param(False, id="graph", marks=pytest.mark.slow),
    ],
)
def trained(request) -> tuple[DeepPaint, np.ndarray]:
    """The library's model after the same three steps through `fit`, and their losses."""
    model = DeepPaint(*networks(), Objective(l1_weight=WEIGHT), POOL, SEED)
    adams = [keras.optimizers.Adam(rate, 0.5, 0.999, EPSILON) for rate in RATES]
    model.compile(*adams, run_eagerly=request.param)
    log = LossesOfSteps()
    model.fit(dataset(batches()), epochs=1, shuffle=False, verbose=0, callbacks=[log])
    return model, log.losses


def test_losses_of_three_steps_equal_the_plain_ones(plain: PlainTraining, trained) -> None:
    # Means are handed over as float32, and so are their differences.
    np.testing.assert_allclose(trained[1], plain.losses, rtol=3e-6)
    assert np.ptp(plain.losses, axis=0).min() > 1e-4, "the steps change nothing"


@pytest.mark.parametrize("network", ["generator", "discriminator"])
def test_weights_after_three_steps_equal_the_plain_ones(plain, trained, network: str) -> None:
    """Moving statistics too: one pass of the generator, three of the discriminator, in order."""
    ours, expected = getattr(trained[0], network), getattr(plain, network)
    before = dict(zip(("generator", "discriminator"), networks(), strict=True))[network]
    moved = 0.0
    for weight, other, start in zip(ours.weights, expected.weights, before.weights, strict=True):
        np.testing.assert_allclose(weight, other, rtol=1e-5, atol=3e-6, err_msg=weight.path)
        moved = max(moved, float(np.abs(np.asarray(other) - np.asarray(start)).max()))
    assert moved > 1e-3


@pytest.mark.parametrize("network", ["generator", "discriminator"])
def test_adam_states_after_three_steps_equal_the_plain_ones(plain, trained, network: str) -> None:
    """They hold the gradients of every step, also where these hardly move a weight."""
    ours = getattr(trained[0], f"{network}_optimizer").inner_optimizer
    expected = getattr(plain, f"{network}_adam")
    assert int(ours.iterations) == expected.steps == STEPS
    for states, others in ((ours._momentums, expected.first), (ours._velocities, expected.second)):
        for variable, state, other in zip(expected.variables, states, others, strict=True):
            error = np.linalg.norm(np.asarray(state) - other)
            # A bias before a norm has a gradient of zero; what is left of it is rounding.
            assert error <= 2e-3 * np.linalg.norm(other) + 3e-6, variable.path


def test_the_pool_holds_what_the_plain_one_holds(plain: PlainTraining, trained) -> None:
    np.testing.assert_allclose(trained[0].pool.stored, plain.stored, atol=1e-4)


@pytest.fixture(scope="module")
def traced() -> tuple[tf.Graph, DeepPaint]:
    model = DeepPaint(*networks(), pool_size=POOL, seed=SEED)
    model.compile()
    spec = tf.nest.map_structure(lambda x: tf.TensorSpec(x.shape), batches(1)[0])
    return tf.function(model.train_step, autograph=False).get_concrete_function(spec).graph, model


@pytest.mark.slow
def test_the_graph_of_a_step_holds_one_generator_and_three_discriminators(traced) -> None:
    kinds = [operation.type for operation in traced[0].get_operations()]
    assert kinds.count("Conv2D") == GENERATOR_CONVS + 3 * DISCRIMINATOR_CONVS
    # And one way back through each of them.
    assert kinds.count("Conv2DBackpropFilter") == kinds.count("Conv2D")
    assert kinds.count("Conv2DBackpropInput") == kinds.count("Conv2D")


@pytest.mark.slow
def test_the_graph_of_a_step_never_waits_for_python(traced) -> None:
    kinds = {operation.type for operation in traced[0].get_operations()}
    assert not kinds & {"PyFunc", "PyFuncStateless", "EagerPyFunc", "ArgMax", "ScatterNd"}


@pytest.mark.slow
def test_fit_traces_the_step_once_for_all_steps_and_epochs() -> None:
    class Counting(DeepPaint):
        tracings = 0

        def train_step(self, batch: dict) -> dict:
            Counting.tracings += 1
            return super().train_step(batch)

    model = Counting(Generator(2, size=SIZE), Discriminator(2))
    model.compile()
    model.fit(dataset(batches()), epochs=2, shuffle=False, verbose=0)
    assert Counting.tracings == 1


def test_adam_is_the_papers_unless_given() -> None:
    model = DeepPaint(*networks(), pool_size=0)
    model.compile()
    for optimizer in (model.generator_optimizer, model.discriminator_optimizer):
        adam = optimizer.inner_optimizer
        assert isinstance(adam, keras.optimizers.Adam)
        assert float(adam.learning_rate) == pytest.approx(2e-4)
        assert (adam.beta_1, adam.beta_2, adam.epsilon) == (0.5, 0.999, 1e-8)
    assert model.generator_optimizer is not model.discriminator_optimizer
    assert (model.objective.l1_weight, DeepPaint(*networks()).pool_size) == (100.0, 50)


def test_a_test_step_measures_l1_without_dropout_and_changes_nothing() -> None:
    model = DeepPaint(*networks(), pool_size=0)
    model.compile(run_eagerly=True)
    randomize(model.generator)
    before = model.get_weights()
    batch = batches(1)[0]
    inputs = {"sketch": batch["sketch"], "histogram": histogram_images(batch["palette"])}
    expected = np.abs(batch["picture"] - model.generator(inputs)).mean()
    logs = model.evaluate(dataset([batch]), verbose=0, return_dict=True)
    assert float(logs["l1"]) == pytest.approx(float(expected), rel=1e-5)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_painting_draws_the_palette_as_histogram_images() -> None:
    model = DeepPaint(*networks(), pool_size=0)
    # Fresh weights paint gray whatever they are shown.
    randomize(model.generator)
    batch = batches(1)[0]
    inputs = {"sketch": batch["sketch"], "histogram": histogram_images(batch["palette"])}
    np.testing.assert_allclose(model(batch), model.generator(inputs), atol=1e-6)


@pytest.mark.parametrize(
    "steps, left",
    [
        pytest.param(5, 0.9, id="five steps"),
        pytest.param(40, 0.3, id="forty steps", marks=pytest.mark.slow),
    ],
)
def test_l1_of_two_pictures_falls_when_trained_on_them(steps: int, left: float) -> None:
    keras.utils.set_random_seed(SEED)
    model = DeepPaint(Generator(4, size=SIZE, seed=SEED), Discriminator(4), pool_size=POOL)
    adams = [keras.optimizers.Adam(2e-3, 0.5) for _ in range(2)]
    model.compile(*adams, run_eagerly=steps < 10)
    log = LossesOfSteps()
    batch = batches(1)[0]
    # A flat picture each: what a network of width 4 can learn in so few steps.
    colors = batch["palette"][:, 1, 2][:, None, None]
    batch["picture"] = np.broadcast_to(colors, (BATCH, SIZE, SIZE, 3))
    model.fit(dataset(steps * [batch]), shuffle=False, verbose=0, callbacks=[log])
    l1 = log.losses[:, 2]
    assert l1[-1] < left * l1[0]


def test_the_whole_can_be_copied_and_saved(tmp_path) -> None:
    def make(**options) -> DeepPaint:
        networks = Generator(2, size=SIZE, seed=1, **options), Discriminator(2, **options)
        return DeepPaint(*networks, Objective("hinge", 10.0), pool_size=3, seed=2)

    model = make()
    config = model.get_config()
    copy = DeepPaint.from_config(config)
    assert copy.get_config() == config
    assert (copy.objective, copy.pool_size, copy.seed) == (Objective("hinge", 10.0), 3, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # of weights that are not there yet
        model.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras", compile=False)
    batch = batches(1)[0]
    np.testing.assert_allclose(loaded(batch), model(batch), atol=1e-6)
    for weight, other in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(weight, other)


def test_a_step_in_bfloat16_has_float32_losses_and_finite_weights() -> None:
    options = {"dtype": "mixed_bfloat16"}
    model = DeepPaint(Generator(2, size=SIZE, **options), Discriminator(2, **options), pool_size=2)
    model.compile(run_eagerly=True)
    logs = model.train_step({key: tf.constant(value) for key, value in batches(1)[0].items()})
    assert all(np.isfinite(float(value)) for value in logs.values())
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    assert model.pool.stored.dtype == "float32"


def test_steps_with_a_mixture_head_move_every_weight_and_paint_the_palette() -> None:
    keras.utils.set_random_seed(SEED)
    generator = Generator(2, size=SIZE, seed=SEED, head_kind="mixture")
    model = DeepPaint(generator, Discriminator(2), pool_size=POOL)
    model.compile(*[keras.optimizers.Adam(2e-3, 0.5) for _ in range(2)], run_eagerly=True)
    before = [np.array(weight) for weight in generator.trainable_weights]
    batch = batches(1)[0]
    # The second color of its band everywhere: what the head can choose by itself.
    bands = batch["palette"][:, :, 1].repeat(SIZE // 4, axis=1)
    batch["picture"] = np.broadcast_to(bands[:, :, None], (BATCH, SIZE, SIZE, 3))
    log = LossesOfSteps()
    model.fit(dataset(3 * [batch]), shuffle=False, verbose=0, callbacks=[log])
    for weight, old in zip(generator.trainable_weights, before, strict=True):
        assert np.isfinite(weight).all() and np.abs(np.asarray(weight) - old).max() > 0, weight.path
    assert log.losses[-1, 2] < 0.9 * log.losses[0, 2]


# --- other objectives ---------------------------------------------------------------------------


def eager_model(objective: Objective, **options) -> DeepPaint:
    model = DeepPaint(*networks(), objective, pool_size=0, **options)
    model.compile(keras.optimizers.SGD(1e-2), keras.optimizers.SGD(1e-2), run_eagerly=True)
    return model


def tensors(batch: dict) -> dict:
    return {key: tf.constant(value) for key, value in batch.items()}


def test_the_generators_loss_is_the_weighted_sum_of_its_terms() -> None:
    def perceptual(picture, painted):
        return tf.reduce_mean((picture - painted) ** 2)

    objective = Objective("lsgan", 3.0, perceptual_weight=5.0, tv_weight=7.0)
    logs = eager_model(objective, perceptual=perceptual).train_step(tensors(batches(1)[0]))
    terms = {name: float(value) for name, value in logs.items()}
    expected = terms["adversarial"] + 3 * terms["l1"] + 5 * terms["perceptual"] + 7 * terms["tv"]
    assert terms["generator_loss"] == pytest.approx(expected, rel=1e-5)
    assert min(terms[name] for name in ("perceptual", "tv", "adversarial")) > 1e-4


@pytest.mark.parametrize("kind", ["lsgan", "hinge"])
def test_other_adversarial_losses_move_both_networks(kind: str) -> None:
    model = eager_model(Objective(kind, 0.0))
    before = [
        np.array(weights[0]) for weights in (model.generator.weights, model.discriminator.weights)
    ]
    model.train_step(tensors(batches(1)[0]))
    after = [
        np.array(weights[0]) for weights in (model.generator.weights, model.discriminator.weights)
    ]
    for old, new in zip(before, after, strict=True):
        assert np.abs(new - old).max() > 1e-7


def test_the_gradient_penalty_is_that_of_finite_differences() -> None:
    """Half the weight times the mean squared slope of the mean logit in the real picture."""
    model, batch = eager_model(Objective(r1_weight=8.0)), tensors(batches(1)[0])
    _, penalty = model._discriminate_real(batch["sketch"], batch["picture"])
    rng, slopes = np.random.default_rng(0), []

    def mean_logits(picture) -> np.ndarray:
        pair = tf.concat([batch["sketch"], picture], axis=-1)
        return tf.reduce_sum(tf.reduce_mean(model.discriminator(pair, training=True), (1, 2, 3)))

    # The squared length of a gradient is its mean squared slope along random signs.
    for _ in range(80):
        signs = rng.choice([-1.0, 1.0], batch["picture"].shape).astype("float32")
        higher, lower = (mean_logits(batch["picture"] + s * 1e-2 * signs) for s in (1, -1))
        slopes.append(float(higher - lower) / 2e-2)
    expected = 0.5 * 8.0 * np.mean(np.square(slopes)) / BATCH
    assert float(penalty) == pytest.approx(expected, rel=0.35)
    logs = model.train_step(batch)
    assert np.isfinite([float(value) for value in logs.values()]).all()


def test_the_gradient_penalty_adds_to_the_discriminators_loss() -> None:
    batch = tensors(batches(1)[0])
    without, with_it = (
        eager_model(Objective(r1_weight=weight)).train_step(batch)["discriminator_loss"]
        for weight in (0.0, 8.0)
    )
    _, penalty = eager_model(Objective(r1_weight=8.0))._discriminate_real(
        batch["sketch"], batch["picture"]
    )
    assert float(penalty) > 1e-4
    assert float(with_it - without) == pytest.approx(float(penalty), rel=1e-3)


def test_a_penalty_without_weight_costs_nothing(monkeypatch) -> None:
    def penalty(gradient):
        raise AssertionError("a second gradient is taken for nothing")

    monkeypatch.setattr(losses, "gradient_penalty", penalty)
    batch = tensors(batches(1)[0])
    eager_model(Objective())._discriminate_real(batch["sketch"], batch["picture"])
    with pytest.raises(AssertionError, match="for nothing"):
        eager_model(Objective(r1_weight=1.0))._discriminate_real(batch["sketch"], batch["picture"])


def test_each_of_two_replicas_gives_half_of_both_gradients(monkeypatch) -> None:
    """A stand-in for a second device; `test_strategies` compares two with one."""
    taken = []
    for count in (1, 2):
        monkeypatch.setattr(deep_paint, "replicas", lambda count=count: count)
        model = eager_model(Objective())

        def keep(optimizer, gradients, variables, finite):
            taken.append(gradients)
            return finite

        monkeypatch.setattr(model, "apply_gradients", keep)
        model.train_step(tensors(batches(1)[0]))
    for whole, half in zip(taken[:2], taken[2:], strict=True):  # discriminator, generator
        for gradient, other in zip(whole, half, strict=True):
            np.testing.assert_allclose(other, np.asarray(gradient) / 2, rtol=1e-4, atol=1e-7)
        assert max(float(np.abs(gradient).max()) for gradient in whole) > 1e-3


def test_an_objective_that_cannot_be_followed_is_refused() -> None:
    with pytest.raises(ValueError, match="gan_loss='wgan'"):
        DeepPaint(*networks(), Objective("wgan"))
    with pytest.raises(ValueError, match="needs `perceptual`"):
        DeepPaint(*networks(), Objective(perceptual_weight=1.0))


# --- steps that are not finite ------------------------------------------------------------------


def weights_of(model: DeepPaint) -> list[np.ndarray]:
    states = [
        model.generator_optimizer.inner_optimizer,
        model.discriminator_optimizer.inner_optimizer,
    ]
    owners = (model.generator, model.discriminator, *states)
    return [np.array(v) for owner in owners for v in owner.variables]


@pytest.mark.parametrize("key", ["picture", "sketch"])
def test_a_step_that_is_not_finite_changes_nothing_and_is_counted(key: str) -> None:
    model = DeepPaint(*networks(), pool_size=2)
    model.compile(run_eagerly=True)
    good, bad = tensors(batches(1)[0]), tensors(batches(1)[0])
    bad[key] = tf.where(tf.range(SIZE)[None, :, None, None] == 3, np.nan, bad[key])
    model.train_step(good)
    before = weights_of(model)
    for _ in range(2):
        model.train_step(bad)
    names = [v.path for o in (model.generator, model.discriminator) for v in o.variables]
    for i, (old, new) in enumerate(zip(before, weights_of(model), strict=True)):
        # Dropout draws on; the norms of the discriminator saw the good sketch with what was bad.
        if i < len(names) and ("seed" in names[i] or "moving" in names[i]):
            assert np.isfinite(new).all()
            continue
        np.testing.assert_array_equal(old, new)
    counts = (model.steps, model.skipped, model.skipped_in_a_row)
    assert [int(count) for count in counts] == [3, 2, 2]
    assert np.isfinite(model.pool.stored).all()
    logs = model.train_step(good)
    assert [int(count) for count in counts] == [4, 2, 0]
    assert all(np.isfinite(float(value)) for value in logs.values())


@pytest.mark.parametrize("which", ["discriminator", "generator"])
def test_a_step_that_one_network_left_out_is_counted(which: str, monkeypatch) -> None:
    model = DeepPaint(*networks(), pool_size=2)
    model.compile(run_eagerly=True)
    name = {"discriminator": "discriminator_loss", "generator": "adversarial_loss"}[which]
    loss = getattr(deep_paint.losses, name)
    monkeypatch.setattr(deep_paint.losses, name, lambda *a, **k: loss(*a, **k) * np.nan)
    before = {n: getattr(model, n).get_weights() for n in model.network_names}
    model.train_step(tensors(batches(1)[0]))
    assert [int(count) for count in (model.steps, model.skipped)] == [1, 1]
    for network, weights in before.items():
        trained = [variable.trainable for variable in getattr(model, network).weights]
        now = getattr(model, network).get_weights()
        same = [np.array_equal(*pair) for pair in zip(weights, now, strict=True)]
        assert all(np.array(same)[trained]) == (network == which)


def test_each_network_has_a_loss_scale_of_its_own_under_float16() -> None:
    options = {"dtype": "mixed_float16"}
    model = DeepPaint(Generator(2, size=SIZE, **options), Discriminator(2, **options), pool_size=2)
    model.compile(run_eagerly=True)
    scales = [o.dynamic_scale for o in (model.generator_optimizer, model.discriminator_optimizer)]
    assert [float(scale) for scale in scales] == [2.0**13, 2.0**13]
    logs = model.train_step(tensors(batches(1)[0]))
    assert all(np.isfinite(float(value)) for value in logs.values())
    bad = tensors(batches(1)[0])
    bad["picture"] = bad["picture"] * np.inf
    before = [float(scale) for scale in scales]
    model.train_step(bad)
    assert [float(scale) for scale in scales] == [scale / 2 for scale in before]
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


@pytest.mark.slow
def test_pairs_of_inputs_and_picture_train_like_batches_and_the_last_may_be_smaller():
    """As `data.loading.load` and anybody's data sets give them."""
    (batch,) = batches(1)

    def elements(pairs: bool):
        for count in (2, 1):
            part = {key: value[:count] for key, value in batch.items()}
            picture = part.pop("picture")
            yield (part, picture) if pairs else part | {"picture": picture}

    def shape(key: str) -> tf.TensorSpec:
        return tf.TensorSpec((None, *batch[key].shape[1:]))

    trained = []
    for pairs in (True, False):
        inputs = {key: shape(key) for key in ("sketch", "palette")}
        picture = shape("picture")
        signature = (inputs, picture) if pairs else inputs | {"picture": picture}
        stream = tf.data.Dataset.from_generator(
            lambda pairs=pairs: elements(pairs), output_signature=signature
        )
        model = DeepPaint(*networks(), pool_size=1, seed=SEED)
        model.compile(keras.optimizers.SGD(1e-3), keras.optimizers.SGD(1e-3))
        model.fit(stream, verbose=0)
        assert int(model.steps) == 2 and int(model.skipped) == 0
        trained.append(model.generator.get_weights())
    for ours, theirs in zip(*trained, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (({"sketch": 0, "palette": 0}, 0, 0), "batches are"),
        ((0, 0), "batches are"),
        ({"sketch": 0, "picture": 0}, "a batch lacks palette"),
        (({"sketch": 0}, 0), "a batch lacks palette"),
    ],
)
def test_what_is_no_batch_is_refused(data, words):
    with pytest.raises(ValueError, match=words):
        to_batch(data)
