"""Picture measures against their definitions."""

import math

import numpy as np
import pytest
import tensorflow as tf
from numpy.lib.stride_tricks import sliding_window_view
from skimage import color
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from tf_deeppaint.evaluation import metrics


def make_pairs(count: int, height: int, width: int, noise: int = 40) -> tuple:
    """Pictures of flat patches and the same with noise, uint8 `(count, height, width, 3)`."""
    rng = np.random.default_rng(height + width)
    patches = rng.integers(0, 256, (count, -(-height // 7), -(-width // 7), 3))
    truth = patches.repeat(7, axis=1).repeat(7, axis=2)[:, :height, :width]
    painted = truth + rng.integers(-noise, noise + 1, truth.shape)
    return np.clip(painted, 0, 255).astype(np.uint8), truth.astype(np.uint8)


@pytest.fixture(name="pair")
def make_pair() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return tuple(rng.integers(0, 256, (2, 3, 8, 9, 3), dtype=np.uint8))


@pytest.mark.parametrize("name", metrics.METRICS)
def test_every_measure_gives_a_number_for_each_picture_and_knows_equal_ones(name):
    painted, truth = make_pairs(3, 24, 31)
    painted[1] = truth[1]
    found = metrics.METRICS[name](painted, truth)
    assert found.dtype == np.float64 and found.shape == (3,)
    best = {"L1": 0, "PSNR": metrics.HIGHEST_PSNR, "SSIM": 1, "MS-SSIM": 1, "CIEDE2000": 0}[name]
    assert found[1] == pytest.approx(best, abs=1e-6)
    assert (np.abs(np.delete(found, 1) - best) > 1e-2).all()
    alone = [metrics.METRICS[name](painted[i:][:1], truth[i:][:1])[0] for i in range(3)]
    np.testing.assert_allclose(found, alone, rtol=1e-5)


# --- L1 and PSNR --------------------------------------------------------------------------------


def test_l1_is_the_mean_absolute_difference_of_each_picture(pair):
    painted, truth = pair
    expected = [
        np.mean([abs(int(a) - int(b)) / 255 for a, b in zip(p.flat, t.flat, strict=True)])
        for p, t in zip(painted, truth, strict=True)
    ]
    np.testing.assert_allclose(metrics.l1(painted, truth), expected, rtol=1e-12)


def test_psnr_agrees_with_tensorflow(pair):
    expected = tf.image.psnr(*pair, max_val=255)
    np.testing.assert_allclose(metrics.psnr(*pair), expected, rtol=1e-5)


def test_psnr_agrees_with_scikit_image(pair):
    expected = [peak_signal_noise_ratio(t, p) for p, t in zip(*pair, strict=True)]
    np.testing.assert_allclose(metrics.psnr(*pair), expected, rtol=1e-12)


def test_black_against_white_is_the_worst_score():
    black = np.zeros((1, 4, 4, 3), np.uint8)
    assert metrics.l1(black, 255 - black) == 1.0
    assert metrics.psnr(black, 255 - black) == 0.0


def test_equal_pictures_have_a_finite_psnr(pair):
    assert (metrics.psnr(pair[0], pair[0]) == metrics.HIGHEST_PSNR).all()


# --- SSIM and MS-SSIM ---------------------------------------------------------------------------


def skimage_ssim(painted: np.ndarray, truth: np.ndarray) -> list[float]:
    """With the Gaussian and the covariance of Wang et al.; its mean leaves the border out."""
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return [
        structural_similarity(t, p, channel_axis=-1, data_range=255, **options)
        for p, t in zip(painted, truth, strict=True)
    ]


@pytest.mark.parametrize("shape", [(11, 11), (24, 31), (64, 64)])
@pytest.mark.parametrize("noise", [3, 40, 200])
def test_ssim_agrees_with_scikit_image(shape, noise):
    painted, truth = make_pairs(2, *shape, noise)
    found = metrics.ssim(painted, truth)
    np.testing.assert_allclose(found, skimage_ssim(painted, truth), atol=1e-4)


def test_ssim_of_a_large_shaded_picture_agrees_with_scikit_image():
    """TensorFlow's own mean over it is off by more."""
    rng = np.random.default_rng(0)
    truth = rng.integers(100, 256, (1, 8, 8, 3)).repeat(64, axis=1).repeat(64, axis=2)
    painted, truth = (truth * 0.6).astype(np.uint8), truth.astype(np.uint8)
    found = metrics.ssim(painted, truth)
    np.testing.assert_allclose(found, skimage_ssim(painted, truth), atol=1e-4)


def test_ssim_of_white_paper_and_thin_lines_agrees_with_scikit_image():
    """Variances of nearly white windows are small differences of large numbers."""
    truth = np.full((1, 40, 40, 3), 255, np.uint8)
    painted = truth.copy()
    painted[:, 20], painted[:, :, 33] = 250, 0
    found = metrics.ssim(painted, truth)
    np.testing.assert_allclose(found, skimage_ssim(painted, truth), atol=1e-4)


def ssim_terms(painted: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Wang et al.'s mean SSIM and mean contrast-structure term of each channel, in float64."""
    places = np.arange(11) - 5
    line = np.exp(-(places**2) / (2 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2

    def mean(values):
        return np.einsum("hwcij,ij->hwc", sliding_window_view(values, (11, 11), (0, 1)), window)

    x, y = painted.astype(float), truth.astype(float)
    luminance, contrast = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_x, mean_y = mean(x), mean(y)
    covariance = mean(x * y) - mean_x * mean_y
    variances = mean(x**2) - mean_x**2 + mean(y**2) - mean_y**2
    terms = (2 * covariance + contrast) / (variances + contrast)
    lights = (2 * mean_x * mean_y + luminance) / (mean_x**2 + mean_y**2 + luminance)
    return (lights * terms).mean((0, 1)), terms.mean((0, 1))


def halved(picture: np.ndarray) -> np.ndarray:
    """Means of 2 x 2 pixels, an odd last row or column taken twice."""
    odd = [(0, side % 2) for side in picture.shape[:2]]
    padded = np.pad(picture.astype(float), [*odd, (0, 0)], mode="edge")
    return sum(padded[i::2, j::2] for i in (0, 1) for j in (0, 1)) / 4


def ms_ssim_by_definition(painted: np.ndarray, truth: np.ndarray) -> float:
    weights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]
    contrasts = []
    while min(painted.shape[:2]) >= 11 and len(contrasts) < 5:
        whole, contrast = ssim_terms(painted, truth)
        contrasts.append(contrast)
        painted, truth = halved(painted), halved(truth)
    factors = np.maximum([*contrasts[:-1], whole], 0)
    used = np.array(weights[: len(factors)])
    used = used / used.sum() if len(used) < 5 else used
    return np.mean(np.prod(factors ** used[:, None], axis=0))


@pytest.mark.parametrize("shape", [(11, 11), (21, 40), (45, 63), (161, 170)])
@pytest.mark.parametrize("noise", [3, 60])
def test_ms_ssim_agrees_with_its_definition(shape, noise):
    pairs = make_pairs(2, *shape, noise)
    expected = [ms_ssim_by_definition(*pair) for pair in zip(*pairs, strict=True)]
    np.testing.assert_allclose(metrics.ms_ssim(*pairs), expected, atol=1e-4)


def test_ms_ssim_of_a_picture_of_five_scales_is_that_of_tensorflow_and_the_definition():
    painted, truth = make_pairs(1, 256, 256)
    found = metrics.ms_ssim(painted, truth)
    np.testing.assert_allclose(found, tf.image.ssim_multiscale(painted, truth, 255), atol=1e-6)
    np.testing.assert_allclose(found, ms_ssim_by_definition(painted[0], truth[0]), atol=1e-4)


def test_ms_ssim_of_a_negative_is_nothing():
    _, truth = make_pairs(2, 45, 45)
    assert (metrics.ssim(255 - truth, truth) < -0.1).all()
    assert (metrics.ms_ssim(255 - truth, truth) == 0).all()


@pytest.mark.parametrize(
    ("side", "expected"),
    [(10, 0), (11, 1), (20, 1), (21, 2), (64, 3), (128, 4), (160, 4), (161, 5), (4096, 5)],
)
def test_as_many_scales_as_fit(side, expected):
    assert metrics.scales(side) == expected


# --- CIEDE2000 ----------------------------------------------------------------------------------

# The test pairs of Sharma, Wu and Dalal (Color Research and Application 30, 2005, table 1).
PUBLISHED = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, 3.1571, -77.2803), (50, 0, -82.7485), 2.8615),
    ((50, 2.8361, -74.0200), (50, 0, -82.7485), 3.4412),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
    ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
    ((50, -0.001, 2.49), (50, 0.0009, -2.49), 4.8045),
    ((50, -0.001, 2.49), (50, 0.0011, -2.49), 4.7461),
    ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((50, 2.5, 0), (61, -5, 29), 22.8977),
    ((50, 2.5, 0), (56, -27, -3), 31.9030),
    ((50, 2.5, 0), (58, 24, 15), 19.4535),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((63.0109, -31.0961, -5.8663), (62.8187, -29.7946, -4.0864), 1.2630),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
    ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


def ciede2000_of(one, other) -> float:
    """Sharma, Wu and Dalal's equations for two colors, in degrees as they write them."""
    (l_1, a_1, b_1), (l_2, a_2, b_2) = one, other
    chroma = (math.hypot(a_1, b_1) + math.hypot(a_2, b_2)) / 2
    stretch = 1 + 0.5 * (1 - math.sqrt(chroma**7 / (chroma**7 + 25**7)))
    c_1, c_2 = math.hypot(stretch * a_1, b_1), math.hypot(stretch * a_2, b_2)
    h_1 = math.degrees(math.atan2(b_1, stretch * a_1)) % 360
    h_2 = math.degrees(math.atan2(b_2, stretch * a_2)) % 360
    turn, hue = 0.0, h_1 + h_2
    if c_1 * c_2:
        turn = (h_2 - h_1 + 180) % 360 - 180
        hue = hue / 2 if abs(h_1 - h_2) <= 180 else (hue + 360) / 2 % 360
    l_mean, c_mean = (l_1 + l_2) / 2, (c_1 + c_2) / 2

    def cos(degrees: float) -> float:
        return math.cos(math.radians(degrees))

    t = 1 - 0.17 * cos(hue - 30) + 0.24 * cos(2 * hue)
    t += 0.32 * cos(3 * hue + 6) - 0.2 * cos(4 * hue - 63)
    s_l = 1 + 0.015 * (l_mean - 50) ** 2 / math.sqrt(20 + (l_mean - 50) ** 2)
    lightness = (l_2 - l_1) / s_l
    difference = (c_2 - c_1) / (1 + 0.045 * c_mean)
    hues = 2 * math.sqrt(c_1 * c_2) * math.sin(math.radians(turn / 2))
    hues /= 1 + 0.015 * c_mean * t
    rotation = 2 * math.sqrt(c_mean**7 / (c_mean**7 + 25**7))
    rotation *= -math.sin(math.radians(60 * math.exp(-(((hue - 275) / 25) ** 2))))
    squares = lightness**2 + difference**2 + hues**2 + rotation * difference * hues
    return math.sqrt(squares)


def lab_of(pixel) -> tuple[float, float, float]:
    """IEC 61966-2-1 and CIE 15 for one sRGB pixel, relative to D65."""
    shares = [value / 255 for value in map(int, pixel)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in shares]
    matrix = (
        (0.412453, 0.357580, 0.180423),
        (0.212671, 0.715160, 0.072169),
        (0.019334, 0.119193, 0.950227),
    )
    xyz = [sum(m * v for m, v in zip(row, linear, strict=True)) for row in matrix]
    parts = [value / white for value, white in zip(xyz, (0.95047, 1.0, 1.08883), strict=True)]
    x, y, z = (p ** (1 / 3) if p > (6 / 29) ** 3 else p * 841 / 108 + 4 / 29 for p in parts)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize(("one", "other", "expected"), PUBLISHED)
def test_the_color_difference_is_the_published_one(one, other, expected):
    found = color.deltaE_ciede2000(np.array([[one]]), np.array([[other]]))
    assert found == pytest.approx(expected, abs=1e-4)
    assert color.deltaE_ciede2000(np.array(other), np.array(one)) == pytest.approx(found)
    # The oracle of the next test, too.
    assert ciede2000_of(one, other) == pytest.approx(expected, abs=1e-4)


def test_ciede2000_is_the_mean_over_the_pixels():
    painted, truth = make_pairs(2, 13, 12, noise=120)
    expected = [
        np.mean(
            [
                ciede2000_of(lab_of(a), lab_of(b))
                for a, b in zip(p.reshape(-1, 3), t.reshape(-1, 3), strict=True)
            ]
        )
        for p, t in zip(painted, truth, strict=True)
    ]
    np.testing.assert_allclose(metrics.ciede2000(painted, truth), expected, atol=1e-4)


def test_lab_of_pictures_and_single_colors():
    painted, _ = make_pairs(2, 5, 6, noise=120)
    lab = metrics.to_lab(painted)
    assert lab.shape == painted.shape and lab.dtype == np.float64
    expected = [lab_of(pixel) for pixel in painted.reshape(-1, 3)]
    np.testing.assert_allclose(lab.reshape(-1, 3), expected, atol=1e-4)
    # What color tables give for black, white and red.
    colors = np.array([[0, 0, 0], [255, 255, 255], [255, 0, 0]], np.uint8)
    tabled = [(0, 0, 0), (100, 0, 0), (53.24, 80.09, 67.20)]
    np.testing.assert_allclose(metrics.to_lab(colors), tabled, atol=0.02)


def test_black_and_white_are_a_hundred_apart():
    black = np.zeros((1, 11, 11, 3), np.uint8)
    assert metrics.ciede2000(black, 255 - black) == pytest.approx(100, abs=1e-3)
