"""Measures, joints and limbs of adults: six and a half to eight heads tall, standing or sitting."""

from typing import NamedTuple

import cv2
import numpy as np

from tf_deeppaint.data.sources.color_schemes import Rng, chance, pick
from tf_deeppaint.data.sources.dolls.canvas import Points
from tf_deeppaint.data.sources.dolls.frames import SIDES, Point

# Heights in heads, and the height of a head in units.
HEADS = (6.5, 8.0)
HEAD = 2.1
# Pixels a unit and spread of the smoothing in pixels, when outlines are joined.
PIXELS = 36
SPREAD = 1.5
FRACTION_BITS = 4
# Angles of upper arm and forearm in degrees from straight down, outward: lowest and highest.
ARMS: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "down": ((3, 14), (0, 12)),
    "loose": ((12, 30), (5, 30)),
    "hip": ((38, 52), (-62, -48)),
    "pocket": ((18, 30), (-26, -12)),
    "chest": ((8, 26), (-142, -108)),
    "belly": ((6, 20), (-88, -66)),
    "out": ((8, 40), (40, 90)),
    "point": ((66, 98), (66, 104)),
    "wave": ((36, 75), (140, 176)),
    "folded": ((8, 18), (-96, -84)),
    "lap": ((8, 18), (-40, -20)),
}
# Poses whose forearm lies before the trunk.
IN_FRONT = ("hip", "pocket", "chest", "belly", "folded", "lap")
STANDING = ("straight", "straight", "apart", "apart", "crossed", "walking")
SITTING = ("forward", "aside", "tailor")


class Body(NamedTuple):
    """The joints of one adult; widths are half widths, y grows toward the feet.

    Attributes:
        neck: Width of the neck.
        shoulder: Width at `shoulder_y`.
        waist: Width at `waist_y`.
        hip: Width at `hip_y`, where the legs part.
        foot_y: Where the soles are when standing.
        arms: Joints `(shoulder, elbow, hand)` of the arm on the left and on the right of the page.
        legs: Joints `(hip, knee, ankle)` of the legs, likewise.
        arm_widths: Widths along an arm.
        leg_widths: Widths along a leg.
        poses: A key of `ARMS` for each arm.
        stance: One of `STANDING` or `SITTING`.
        toes: Which way the feet point, -1 to 1, and how long they look.
        near: Index of the leg that is drawn over the other.
    """

    neck: float
    shoulder: float
    shoulder_y: float
    waist: float
    waist_y: float
    hip: float
    hip_y: float
    foot_y: float
    arms: list[list[Point]]
    legs: list[list[Point]]
    arm_widths: tuple[float, ...]
    leg_widths: tuple[float, ...]
    poses: list[str]
    stance: str
    toes: list[float]
    near: int

    @property
    def sits(self) -> bool:
        """Whether the legs are those of somebody who sits."""
        return self.stance in SITTING


class Head(NamedTuple):
    """The measures of one head, in units.

    Attributes:
        wide: Half width at the temples.
        jaw: Half width at the corners of the jaw.
        chin: Half width of the chin.
        low: Where the chin ends.
        turn: How far the features are moved to one side, -1 to 1.
        eye_y: Height of the eyes.
        mouth_y: Height of the mouth.
    """

    wide: float
    jaw: float
    chin: float
    low: float
    turn: float
    eye_y: float
    mouth_y: float


def body(rng: Rng, broad: float) -> Body:
    """Draws the proportions and the pose of one adult; `broad` is 0 (slender) to 1 (broad)."""
    length = (rng.uniform(*HEADS) - 1) * HEAD
    stout = rng.uniform(0.85, 1.2)
    shoulder = (1.3 + 0.65 * broad) * rng.uniform(0.92, 1.1)
    waist = shoulder * rng.uniform(0.6, 0.72) * stout * (0.94 + 0.14 * broad)
    hip = max(waist * 1.02, shoulder * (0.86 - 0.16 * broad) * rng.uniform(0.95, 1.1))
    shoulder_y = rng.uniform(1.5, 1.8)
    hip_y = 1.0 + rng.uniform(0.41, 0.46) * length
    waist_y = shoulder_y + rng.uniform(0.56, 0.66) * (hip_y - shoulder_y)
    stance = pick(rng, SITTING if chance(rng, 0.24) else STANDING)
    thick = (0.27 + 0.1 * broad) * rng.uniform(0.85, 1.15)
    poses = _arm_poses(rng, stance)
    reach = hip_y - shoulder_y
    arms = [
        _arm(rng, side, (shoulder - thick * 0.8, shoulder_y + thick * 1.1 + 0.07), reach, pose)
        for side, pose in zip(SIDES, poses, strict=True)
    ]
    legs = _legs(rng, hip, hip_y, 1.0 + length - 0.5, stance)
    wide = hip * 0.5 * rng.uniform(0.95, 1.05)
    aim = pick(rng, SIDES)
    toes = [aim, aim] if stance in ("walking", "aside") or chance(rng, 0.15) else list(SIDES)
    return Body(
        neck=rng.uniform(0.3, 0.38) + 0.16 * broad,
        shoulder=shoulder,
        shoulder_y=shoulder_y,
        waist=waist,
        waist_y=waist_y,
        hip=hip,
        hip_y=hip_y,
        foot_y=1.0 + length,
        arms=arms,
        legs=legs,
        arm_widths=(thick, thick * 0.92, thick * 0.78, thick * 0.8, thick * 0.58),
        leg_widths=(wide, wide * 0.9, wide * 0.66, wide * 0.68, wide * 0.4),
        poses=poses,
        stance=stance,
        toes=[toe * rng.uniform(0.5, 1.0) for toe in toes],
        near=pick(rng, (0, 1)),
    )


def _arm_poses(rng: Rng, stance: str) -> list[str]:
    if chance(rng, 0.13):
        return ["folded", "folded"]
    usual = ("lap", "lap", "belly") if stance in SITTING else ("down", "down", "loose")
    choices = (*usual, "down", "hip", "pocket", "chest", "belly", "out", "point", "wave")
    one, other = pick(rng, choices), pick(rng, choices)
    return [one, one if chance(rng, 0.3) and one not in ("point", "chest") else other]


def _arm(rng: Rng, side: int, top: Point, reach: float, pose: str) -> list[Point]:
    upper, fore = (np.radians(rng.uniform(*limits)) for limits in ARMS[pose])
    x, y = top[0], top[1]
    long = reach * rng.uniform(0.5, 0.56)
    elbow = (x + long * np.sin(upper), y + long * np.cos(upper))
    short = reach * rng.uniform(0.42, 0.47)
    if pose == "folded":
        short = max(short, 1.35 * elbow[0])
    hand = (elbow[0] + short * np.sin(fore), elbow[1] + short * np.cos(fore))
    return [(side * x, y), (side * elbow[0], elbow[1]), (side * hand[0], hand[1])]


def _legs(rng: Rng, hip: float, hip_y: float, ankle_y: float, stance: str) -> list[list[Point]]:
    x, long = hip * 0.5, ankle_y - hip_y
    knee_y = hip_y + long * rng.uniform(0.46, 0.52)
    aside = pick(rng, SIDES)
    legs = []
    for side in SIDES:
        spread = rng.uniform(0.0, 0.2)
        if stance == "apart":
            spread = rng.uniform(0.5, 1.2)
        knee, ankle = (side * (x + spread * 0.5), knee_y), (side * (x + spread), ankle_y)
        if stance == "crossed":
            knee, ankle = (side * x * 0.7, knee_y), (-side * rng.uniform(0.2, 0.5), ankle_y)
        elif stance == "walking":
            step = rng.uniform(0.7, 1.3) * side
            ahead = side == aside
            knee = (side * x + 0.5 * step, knee_y - 0.15 * ahead)
            ankle = (side * x + step * (0.9 if ahead else 1.3), ankle_y - 0.5 * (not ahead))
        elif stance == "forward":
            knee = (side * (x + rng.uniform(0.1, 0.6)), hip_y + rng.uniform(0.7, 1.2))
            ankle = (knee[0] + side * rng.uniform(-0.3, 0.4), knee[1] + long * 0.47)
        elif stance == "aside":
            knee_x = aside * long * rng.uniform(0.36, 0.44)
            knee = (side * x * 0.5 + knee_x, hip_y + rng.uniform(-0.05, 0.25))
            ankle = (knee[0] + rng.uniform(-0.5, 0.5), knee[1] + long * 0.47)
        elif stance == "tailor":
            knee = (side * (x + long * rng.uniform(0.28, 0.34)), hip_y + rng.uniform(0.3, 0.6))
            ankle = (-side * rng.uniform(0.3, 0.9), hip_y + rng.uniform(0.8, 1.1))
        legs.append([(side * x, hip_y - 0.25), knee, ankle])
    return legs


def union(*outlines: np.ndarray) -> np.ndarray:
    """The outer outline `(n, 2)` of overlapping outlines, its corners slightly rounded."""
    points = np.concatenate(outlines)
    low = points.min(axis=0) - 0.2
    width, height = np.ceil((points.max(axis=0) - low + 0.2) * PIXELS).astype(int)
    mask = np.zeros((height, width), np.uint8)
    for outline in outlines:
        fixed = np.rint((outline - low) * PIXELS * (1 << FRACTION_BITS)).astype(np.int32)
        cv2.fillPoly(mask, [fixed], 255, shift=FRACTION_BITS)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    contour = max(contours, key=len)[:, 0].astype(float)
    steps = np.arange(-4, 5)
    weights = np.exp(-0.5 * (steps / SPREAD) ** 2)
    weights /= weights.sum()
    rounded = sum(w * np.roll(contour, s, axis=0) for w, s in zip(weights, steps, strict=True))
    return np.asarray(rounded)[::2] / PIXELS + low


def tube(
    path: Points, widths: tuple[float, ...], start: float = 0.0, end: float = 1.0
) -> np.ndarray:
    """The outline of the part of a limb between two shares of its length, however it bends.

    Args:
        path: Joints of the limb, joined by straight lines.
        widths: Half widths, spread evenly over the whole path.
        start: Where the part begins, 0 (first joint) to 1 (last joint).
        end: Where it ends; the ends are cut straight.
    """
    joints = np.asarray(path, float)
    runs = np.hypot(*np.diff(joints, axis=0).T)
    marks = np.concatenate([[0.0], np.cumsum(runs)]) / runs.sum()
    inner = marks[(marks > start) & (marks < end)]
    at = np.unique(np.concatenate([np.linspace(start, end, 9), inner]))
    center = np.stack([np.interp(at, marks, joints[:, axis]) for axis in (0, 1)], 1)
    half = np.interp(at, np.linspace(0, 1, len(widths)), widths)
    along = np.diff(center, axis=0)
    along /= np.hypot(along[:, 0], along[:, 1])[:, None]
    across = np.stack([-along[:, 1], along[:, 0]], 1)
    pieces = [
        np.array([a + s * w, b + t * w, b - t * w, a - s * w])
        for a, b, w, s, t in zip(center[:-1], center[1:], across, half[:-1], half[1:], strict=True)
    ]
    angle = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], 1)
    bends = [i for i, mark in enumerate(at) if mark in inner]
    pieces += [center[i] + half[i] * ring for i in bends]
    return union(*pieces)


def trunk(
    adult: Body, ease: float, low: float, flare: float = 0.0, neck: float = 1.15
) -> list[Point]:
    """The right side of a trunk from the neck to a hem at `low`, `ease` wider than the body.

    `flare` widens the hem further; `neck` is where the neck side is, in widths of the neck.
    """
    y = adult.shoulder_y
    side = [
        (adult.neck * neck, y - 0.36),
        ((adult.neck + adult.shoulder) / 2, y - 0.16),
        (adult.shoulder - 0.06 + ease / 2, y + 0.08),
        (adult.shoulder * 0.97 + ease, y + 0.45),
        (adult.shoulder * 0.88 + ease, y + 1.2),
    ]
    for x, at in ((adult.waist, adult.waist_y), (adult.hip, adult.hip_y)):
        if side[-1][1] + 0.3 < at < low - 0.2:
            side.append((x + ease, at))
    wide = np.interp(low, (adult.waist_y, adult.hip_y), (adult.waist, adult.hip))
    return [*side, (float(wide) + ease + flare, low)]
