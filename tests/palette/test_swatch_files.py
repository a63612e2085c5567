"""Palettes of other programs: bytes written out by hand, read; and what is written, read back."""

import struct
import subprocess
import sys

import numpy as np
import pytest

from tests.helpers.programs import ROOT
from tf_deeppaint.palette.named_colors import palette_from_colors
from tf_deeppaint.palette.palette_files import (
    decode_palette,
    encode_palette,
    load_palette,
    load_rule,
    write_palette,
)
from tf_deeppaint.utils.errors import DeepPaintError

FORMATS = [".gpl", ".ase", ".aco", ".hex", ".txt"]
COLORS = np.uint8([(200, 30, 40), (59, 93, 201), (255, 255, 255)])

GPL = b"""GIMP Palette
Name: Three
Columns: 3
#
# a comment
200  30  40\tred one
 59  93 201
255 255 255 white
"""
HEX = b"; Lospec\n#c81e28\n3B5DC9, fff\n"
# Version 1.0, three blocks in a group: RGB, CMYK and gray.
ASE = bytes.fromhex(
    "41534546 0001 0000 00000005"
    "c001 00000008 0003 00410042 0000"
    "0001 00000018 0002 00610000 52474220 3f48c8c9 3df0f0f1 3e20a0a1 0000"
    "0001 0000001c 0002 00620000 434d594b 3f34d4d5 3f0989f6 00000000 3e593594 0002"
    "0001 00000010 0002 00630000 47726179 3f800000 0001"
    "c002 00000000"
)
# Version 1 with three colors: RGB, HSB and gray; as GIMP and others read it without the second.
ACO = bytes.fromhex(
    "0001 0003 0000 c8c8 1e1e 2828 00000001 a0d2 b4de c9c9 00000008 2710 0000 0000 0000"
)


@pytest.mark.parametrize(
    ("suffix", "data"), [(".gpl", GPL), (".hex", HEX), (".ase", ASE), (".aco", ACO), (".TXT", HEX)]
)
def test_files_of_other_programs_are_read(suffix, data):
    expected = palette_from_colors(COLORS)
    palette = decode_palette(data, f"x{suffix}")
    np.testing.assert_allclose(palette.astype(int), expected, atol=1)


def test_other_color_models_of_adobe():
    """Half of every ink; CIELAB's gray; colors by https://www.brucelindbloom.com, D50."""
    lab = struct.pack(">4s3f", b"LAB ", 0.5, 0, 0)
    block = struct.pack(">H", 1) + b"\0\0" + lab + b"\0\0"
    ase = b"ASEF" + struct.pack(">HHI", 1, 0, 1) + struct.pack(">HI", 1, len(block)) + block
    np.testing.assert_allclose(decode_palette(ase, "x.ase")[0, 0], 119, atol=1)
    for values, expected in (
        ((2, 0x7FFF, 0xFFFF, 0xFFFF, 0xFFFF), (128, 255, 255)),
        ((2, 0xFFFF, 0xFFFF, 0xFFFF, 0x7FFF), (128, 128, 128)),
        ((7, 5000, 0, 0, 0), (119, 119, 119)),
        ((7, 5429, 8081, 6989, 0), (255, 0, 0)),
        ((7, 2957, 6830, -11203 & 0xFFFF, 0), (0, 0, 255)),
        ((8, 5000, 0, 0, 0), (128, 128, 128)),
    ):
        data = struct.pack(">HH5H", 1, 1, *values)
        found = decode_palette(data, "x.aco")[0, 0].astype(int)
        np.testing.assert_allclose(found, expected, atol=2)


@pytest.mark.parametrize("suffix", FORMATS)
def test_sixteen_colors_come_back_in_their_places(suffix, tmp_path):
    palette = np.random.default_rng(4).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    palette[1] = palette[0]
    path = tmp_path / "new" / f"p{suffix}"
    write_palette(path, palette, "figure")
    np.testing.assert_array_equal(load_palette(path), palette)
    assert load_rule(path) is None
    assert encode_palette(palette, "q" + suffix.upper()) == path.read_bytes()


def test_what_is_written_is_as_the_formats_say():
    palette = np.zeros((4, 4, 3), np.uint8)
    palette[0, 1] = (200, 30, 40)
    gpl = encode_palette(palette, "x.gpl").decode().splitlines()
    assert gpl[0] == "GIMP Palette" and gpl[5] == "200  30  40\t1.2 #c81e28" and len(gpl) == 20
    assert encode_palette(palette, "x.hex").split()[:2] == [b"000000", b"c81e28"]
    aco = encode_palette(palette, "x.aco")
    assert aco[:4] == b"\0\x01\0\x10" and aco[14:24] == bytes.fromhex("0000c8c81e1e28280000")
    second = aco[4 + 160 :]
    assert second[:4] == b"\0\x02\0\x10"
    assert second[14:18] == b"\0\0\0\x0c" and second[18:42].decode("utf-16-be") == "1.1 #000000\0"
    ase = encode_palette(palette, "x.ase")
    length = 2 + 2 * 12 + 4 + 12 + 2
    assert ase[:12] == bytes.fromhex("41534546 0001 0000 00000010")
    assert len(ase) == 12 + 16 * (6 + length)
    block = ase[12 + 6 + length :][: 6 + length]
    assert struct.unpack(">HIH", block[:8]) == (1, length, 12)
    assert block[8:32].decode("utf-16-be") == "1.2 #c81e28\0" and block[32:36] == b"RGB "
    assert np.allclose(struct.unpack(">3f", block[36:48]), np.array([200, 30, 40]) / 255)


MANY = "\n".join(["010203"] * 17).encode()


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("x.gpl", b"RIFF", "its first line is not 'GIMP Palette'"),
        ("x.gpl", b"GIMP Palette\n1 2", "'1 2' is no color"),
        ("x.gpl", b"GIMP Palette\n1 2 256", "over 255"),
        ("x.gpl", b"GIMP Palette\n", "0 colors"),
        ("x.hex", b"12345", "'12345' is no color"),
        ("x.hex", MANY, "17 colors; a palette holds 1 to 16"),
        ("x.ase", b"ASEX" + bytes(8), "does not begin with ASEF"),
        ("x.ase", ASE[:40], "cut off"),
        ("x.ase", ASE.replace(b"Gray", b"Spot"), "of the model b'Spot'"),
        ("x.ase", ASE.replace(bytes.fromhex("3f48c8c9"), bytes.fromhex("7fc00000")), "no number"),
        ("x.aco", b"\0\x07\0\x01", "no list of Photoshop's swatches"),
        ("x.aco", ACO[:20], "cut off"),
        ("x.aco", ACO.replace(b"\0\x08\x27", b"\0\x0e\x27"), "space 14"),
        ("x.aco", b"", "cut off"),
        ("x.json", GPL, "not a palette"),
    ],
)
def test_what_is_no_palette_is_told_in_one_line(name, data, words):
    with pytest.raises(DeepPaintError, match=rf"x\.\w+: .*{words}") as told:
        decode_palette(data, name)
    assert "\n" not in str(told.value)


def test_other_files_are_not_written(tmp_path):
    with pytest.raises(DeepPaintError, match=r"x\.png: palettes are written as \.json, \.gpl"):
        write_palette(tmp_path / "x.png", np.zeros((4, 4, 3), np.uint8))


def test_the_program_converts_them(tmp_path):
    command = [sys.executable, "-m", "tf_deeppaint.palette", "--colors=#c81e28,#3b5dc9"]
    done = subprocess.run(
        [*command, f"--output={tmp_path / 'p.ase'}"], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(load_palette(tmp_path / "p.ase"), palette_from_colors(COLORS[:2]))
