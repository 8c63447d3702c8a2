"""The photographs: each is the file of its row, free to pass on, and read as networks expect it."""

from __future__ import annotations

import hashlib
import io
import json
import re

import pytest
import torch
from PIL import Image

from gate_by_gate import photographs as reader
from gate_by_gate.photographs import names, photograph, photographs, read_picture, small
from tests.conftest import ROOT

FOLDER = ROOT / "gate_by_gate/photographs"
FREE = {
    "CC0 1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC BY 2.0": "https://creativecommons.org/licenses/by/2.0/",
    "Public domain": "",
}


def test_every_file_has_a_row_and_every_row_its_file():
    assert sorted(file.stem for file in FOLDER.glob("*.jpg")) == sorted(names())
    assert len(names()) == 9
    assert sorted(file.name for file in FOLDER.iterdir() if file.suffix not in (".jpg", ".py", "")) == [
        "table.json"
    ]


@pytest.mark.parametrize("name", names())
def test_a_small_photograph_is_the_large_one_in_a_tenth_of_its_bytes(name):
    with Image.open(io.BytesIO(small(name))) as picture:
        assert (picture.format, picture.size) == ("WEBP", (72, 72))
        shown = torch.tensor(list(picture.convert("RGB").tobytes()), dtype=torch.float32)
    wanted = (read_picture(photograph(name).path, side=72) * 255).permute(1, 2, 0).flatten()
    assert (shown - wanted).abs().mean() < 8  # of 255
    assert len(small(name)) < photograph(name).bytes / 10
    assert small(name) == small(name)


@pytest.mark.parametrize("name", names())
def test_a_photograph_is_the_file_of_its_row(name):
    row = photograph(name)
    data = row.path.read_bytes()
    assert (row.name, len(data), hashlib.sha256(data).hexdigest()) == (name, row.bytes, row.sha256)
    with Image.open(row.path) as picture:
        assert (picture.format, picture.size) == ("JPEG", (reader.SIDE, reader.SIDE))


@pytest.mark.parametrize("name", names())
def test_a_photograph_is_free_and_its_row_says_who_says_so(name):
    row = photograph(name)
    assert row.licence_address == FREE[row.licence]
    assert all((row.shows, row.author, row.source, row.found_in, row.licence_said_in))
    assert re.fullmatch("[0-9a-f]{64}", row.found_sha256)
    if row.licence == "CC BY 2.0":  # it asks for the author's name and the place
        assert row.author != "not named"
        assert row.source.startswith("https://")


def test_all_of_them_are_small_enough_for_a_page():
    assert sum(photograph(name).bytes for name in names()) <= 300_000


def test_a_batch_has_the_photographs_in_their_order():
    batch = photographs()
    assert batch.shape == (9, 3, 256, 256)
    assert batch.dtype == torch.float32
    assert 0 <= batch.min() < 0.05 < 0.95 < batch.max() <= 1
    assert torch.equal(photographs(["cat", "rocket"])[1], batch[names().index("rocket")])
    assert photographs([name for name in names() if name == "flower"], side=31).shape == (1, 3, 31, 31)


def test_a_scaled_photograph_has_the_colours_of_the_original():
    small, large = photographs(["coffee"], side=64), photographs(["coffee"])
    assert torch.allclose(small.mean(dim=(2, 3)), large.mean(dim=(2, 3)), atol=0.005)


def test_the_grey_photograph_has_three_equal_channels():
    red, green, blue = photographs(["cameraman"])[0]
    assert torch.equal(red, green)
    assert torch.equal(red, blue)


def test_an_unknown_name_or_a_single_one_is_refused():
    with pytest.raises(KeyError, match=re.escape("expected a photograph out of ['astronaut', 'hopper'")):
        photograph("lena")
    with pytest.raises(KeyError, match="got 'lena'"):
        photographs(["cat", "lena"])
    with pytest.raises(TypeError, match=re.escape("Did you mean ['cat']?")):
        photographs("cat")


def stored(tmp_path, picture, name="picture.png", **options):
    picture.save(tmp_path / name, **options)
    return tmp_path / name


def test_the_square_is_about_the_middle(tmp_path):
    picture = Image.new("RGB", (61, 31), "red")
    picture.paste("lime", (15, 0, 46, 31))
    assert read_picture(stored(tmp_path, picture), side=31).flatten(1).unique(dim=1).tolist() == [
        [0],
        [1],
        [0],
    ]


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("L", 51, (0.2, 0.2, 0.2)),
        ("1", 1, (1, 1, 1)),
        ("LA", (0, 51), (0.8, 0.8, 0.8)),  # a fifth of black on white
        ("RGBA", (255, 0, 0, 0), (1, 1, 1)),
        ("RGBA", (255, 0, 0, 255), (1, 0, 0)),
        ("RGB", (0, 51, 255), (0, 0.2, 1)),
        ("I;16", 52224, (0.8, 0.8, 0.8)),
    ],
)
def test_grey_alpha_and_sixteen_bits_are_read_in_the_obvious_way(tmp_path, mode, colour, expected):
    read = read_picture(stored(tmp_path, Image.new(mode, (17, 19), colour)), side=16)
    assert read.flatten(1).mean(dim=1).tolist() == pytest.approx(expected, abs=0.003)


def test_a_palette_with_a_transparent_colour_is_laid_on_white(tmp_path):
    picture = Image.new("P", (17, 19), 1)
    picture.putpalette([0, 0, 0, 255, 0, 0])
    path = stored(tmp_path, picture, "picture.gif", transparency=1)
    assert read_picture(path, side=16).min() == 1


def test_a_picture_is_turned_as_the_camera_was_held(tmp_path):
    picture = Image.new("RGB", (32, 32), "black")
    picture.paste("white", (0, 0, 32, 8))  # its top, as stored
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    read = read_picture(stored(tmp_path, picture, exif=exif), side=32)
    assert read[:, :24].max() == 0
    assert read[:, 24:].min() == 1


def test_a_missing_file_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_picture(tmp_path / "nowhere.jpg")


def test_a_file_that_is_no_picture_is_refused(tmp_path):
    path = tmp_path / "text.jpg"
    path.write_text("not a picture")
    with pytest.raises(ValueError, match=r"expected a picture; got .*text\.jpg, which no format"):
        read_picture(path)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="expected a picture; got"):
        read_picture(path)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif"])
def test_a_file_that_breaks_off_is_refused(tmp_path, suffix):
    noise = Image.effect_noise((99, 99), 50).convert("RGB")
    path = stored(tmp_path, noise, f"half.{suffix}")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ValueError, match=r"expected a whole picture; got .*half"):
        read_picture(path)


def test_a_tiny_picture_is_refused_and_a_small_one_enlarged(tmp_path):
    with pytest.raises(ValueError, match=r"at least 16 x 16 pixels; got .* with 40 x 15"):
        read_picture(stored(tmp_path, Image.new("RGB", (40, 15))))
    assert read_picture(stored(tmp_path, Image.new("RGB", (40, 16)))).shape == (3, 256, 256)


@pytest.mark.parametrize("limit", [1000, 400])  # above it Pillow warns, above its double it raises
def test_a_huge_picture_is_refused_before_it_is_unpacked(tmp_path, monkeypatch, limit):
    path = stored(tmp_path, Image.new("RGB", (37, 41)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(ValueError, match=r"not huge; got .*1517 pixels"):
        read_picture(path)


@pytest.mark.parametrize(
    ("side", "error", "message"), [(0, ValueError, "got 0"), (2.5, TypeError, "got 2.5")]
)
def test_a_wrong_side_is_refused(side, error, message):
    with pytest.raises(error, match=message):
        photographs(side=side)


def test_the_chapter_names_author_licence_and_source_of_every_photograph():
    chapter = json.loads((ROOT / "book/10b_on_photographs.ipynb").read_text(encoding="utf-8"))
    lines = [line for cell in chapter["cells"] for line in cell["source"] if line.startswith("| ")]
    for row in map(photograph, names()):
        (line,) = (line for line in lines if line.startswith(f"| {row.name} |"))
        assert row.author in line
        assert row.licence.lower() in line.lower()
        assert row.licence_address in line
        assert row.source.split(",")[0] in line
