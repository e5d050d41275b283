"""Bars show the same numbers as picture and as text."""

from kit.tables import Bars

BARS = Bars(
    ["small · replayed", "large · live"], ["replayed", "live"], {"tokens": [400, 1200], "seconds": [3, 0.5]}
)


def test_text_bars_are_as_long_as_their_share():
    """The longest bar has thirty marks; numbers stand at the end."""
    assert repr(BARS).splitlines() == [
        "tokens",
        "  small · replayed  ########## 400",
        "  large · live      ############################## 1,200",
        "",
        "seconds",
        "  small · replayed  ############################## 3",
        "  large · live      ##### 0.5",
    ]


def test_the_picture_is_a_small_png():
    """A notebook with some of them stays small."""
    picture = BARS._repr_png_()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 40_000


def test_the_picture_has_a_ground_of_its_own():
    """Dark letters need a light ground in a dark theme too: the corner is white and opaque."""
    import io

    from PIL import Image

    assert Image.open(io.BytesIO(BARS._repr_png_())).convert("RGBA").getpixel((0, 0)) == (255, 255, 255, 255)


def test_groups_have_colours():
    """Rows of one group share a colour, others do not."""
    first, second, third = Bars(["a", "b", "c"], ["x", "y", "x"], {"n": [1, 2, 3]})._colours()
    assert first == third != second


def test_nothing_is_drawn_of_nothing():
    """No rows and only zeros are shown without an error."""
    assert repr(Bars([], [], {"n": []})) == "n\n"
    assert repr(Bars(["a"], ["x"], {"n": [0]})).splitlines() == ["n", "  a   0"]
    assert Bars([], [], {"n": []})._repr_png_()
