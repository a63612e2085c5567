"""The proportions and poses of dolls below a head of radius 1 at (0, 0)."""

from typing import NamedTuple

from tf_deeppaint.data.sources.color_schemes import Rng, chance, pick

# What is on the left of the page, and on the right.
SIDES = (-1, 1)
Point = tuple[float, float]
# Half widths along a leg, from hip to ankle.
LEG = (0.21, 0.2, 0.17, 0.15, 0.13)


class Frame(NamedTuple):
    """The joints of one body; widths are half widths, y grows toward the feet.

    Attributes:
        shoulder: Width at the shoulders, which are at `shoulder_y`.
        waist: Width at `waist_y`.
        hip: Width at `hip_y`.
        legs: Joints `(hip, knee, ankle)` of the leg on the left and on the right of the page.
        arms: Joints `(shoulder, elbow, hand)` of the arms, likewise.
        arms_in_front: Whether an arm is drawn over the clothes, likewise.
    """

    shoulder: float
    shoulder_y: float
    waist: float
    waist_y: float
    hip: float
    hip_y: float
    legs: tuple[list[Point], list[Point]]
    arms: tuple[list[Point], list[Point]]
    arms_in_front: tuple[bool, bool]


def frame(rng: Rng) -> Frame:
    """Draws the proportions and the pose of one body."""
    shoulder, torso = rng.uniform(0.56, 0.7), rng.uniform(0.9, 1.2)
    waist, hip = shoulder * rng.uniform(0.7, 0.86), shoulder * rng.uniform(0.86, 1.02)
    shoulder_y = 1.26
    waist_y = shoulder_y + 0.75 * torso
    hip_y = shoulder_y + 1.15 * torso
    foot_y = hip_y + rng.uniform(1.45, 2.0)
    stance = pick(rng, ("straight", "apart", "pigeon", "step"))
    legs = tuple(_leg(rng, side, hip, hip_y, foot_y, stance) for side in SIDES)
    poses = [pick(rng, (*POSES, "down", "loose", "out")) for _ in SIDES]
    if chance(rng, 0.35):
        poses[1] = poses[0]
    arms = []
    for side, pose in zip(SIDES, poses, strict=True):
        elbow, hand = POSES[pose]
        jitter = rng.uniform(-0.05, 0.05, 4)
        top = (side * (shoulder - 0.13), shoulder_y + 0.16)
        elbow_at = (side * (shoulder + elbow[0] + jitter[0]), shoulder_y + elbow[1] + jitter[1])
        hand_x = hand[0] if pose in IN_FRONT else shoulder + hand[0]
        hand_at = (side * (hand_x + jitter[2]), shoulder_y + hand[1] + jitter[3])
        arms.append([top, elbow_at, hand_at])
    in_front = tuple(pose in IN_FRONT for pose in poses)
    return Frame(shoulder, shoulder_y, waist, waist_y, hip, hip_y, legs, tuple(arms), in_front)


# Elbow and hand, measured from the shoulder; the x of a hand in front is measured from x = 0.
POSES: dict[str, tuple[Point, Point]] = {
    "down": ((0.16, 0.6), (0.16, 1.15)),
    "loose": ((0.24, 0.55), (0.38, 1.05)),
    "out": ((0.32, 0.5), (0.66, 0.92)),
    "wide": ((0.38, 0.32), (0.85, 0.3)),
    "wave": ((0.5, 0.4), (0.78, -0.22)),
    "hip": ((0.5, 0.55), (0.5, 0.95)),
    "chest": ((0.26, 0.66), (0.18, 0.78)),
}
IN_FRONT = ("hip", "chest")


def _leg(rng: Rng, side: int, hip: float, hip_y: float, foot_y: float, stance: str) -> list[Point]:
    top = max(hip * 0.52, 0.27)
    spread = {"straight": 0.02, "apart": 0.2, "pigeon": 0.1, "step": 0.1}[stance]
    knee_in = -0.06 if stance == "pigeon" else spread / 2
    raise_by = 0.14 if stance == "step" and side == 1 else 0.0
    ankle_y = foot_y - 0.2 - raise_by
    knee_y = (hip_y + ankle_y) / 2 + rng.uniform(-0.05, 0.05)
    knee, ankle = (side * (top + knee_in), knee_y), (side * (top + spread), ankle_y)
    return [(side * top, hip_y - 0.1), knee, ankle]
