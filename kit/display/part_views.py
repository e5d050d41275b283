"""How a strip of parts is drawn: as one picture, and as widgets in which a click on a page shows it large."""

from __future__ import annotations

import html
import io
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image, ImageFont

    from kit.display.spans import PageParts

_BAR, _GAP, _FOOT, _LINE = 15, 6, 16, 17
_ACROSS = 14
_RED, _GREY = "#c00000", "#9a9a9a"


def drawn(strip: PageParts) -> bytes:
    """Return the strip as PNG: a row of pages after the other, then what the letters mean."""
    from PIL import Image, ImageDraw

    pages = strip.pages[: strip.most]
    wide, high = round(strip.size * 0.8), strip.size + 2 * _BAR + _FOOT
    across = min(_ACROSS, max(1, len(pages)))
    rows = -(-len(pages) // across)
    width = max(across * (wide + _GAP) + _GAP, 760)
    legend = [f"{strip.letters[start]}  from page {start}: {strip.title(start)}" for start in strip.letters]
    height = 2 * _LINE + rows * (high + _GAP) + _LINE * -(-len(legend) // 2) + _GAP
    picture = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(picture)
    pen.text((_GAP, 4), strip.caption, fill="black", font=_font(12))
    for index, page in enumerate(pages):
        left = _GAP + index % across * (wide + _GAP)
        top = 2 * _LINE - 6 + index // across * (high + _GAP)
        _draw_page(picture, pen, strip, page, (left, top, wide))
    for index, text in enumerate(legend):
        column, row = divmod(index, -(-len(legend) // 2))
        top = height - _LINE * (-(-len(legend) // 2) - row) - _GAP
        start = list(strip.letters)[index]
        left = _GAP + column * width // 2
        pen.rectangle((left, top + 3, left + 10, top + 13), fill=strip.colour(start, _side(strip, start)))
        pen.text((left + 16, top), text[:62], fill="black", font=_font(11))
    buffer = io.BytesIO()
    picture.quantize(96, dither=Image.Dither.NONE).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _draw_page(
    picture: Image.Image, pen: Any, strip: PageParts, page: Any, place: tuple[int, int, int]
) -> None:
    left, top, wide = place
    number = page.number
    thumb = _thumb(page, wide, strip.size)
    picture.paste(thumb, (left + (wide - thumb.width) // 2, top + _BAR))
    for spans, at in ((strip.gold, top), (strip.predicted, top + _BAR + strip.size)):
        if spans:
            pen.rectangle((left, at, left + wide, at + _BAR - 1), fill=strip.colour(number, spans))
            letter = strip.letter(number, spans)
            starts = any(span.start == number for span in spans)
            pen.text((left + 4, at + 1), f"{letter} ▸" if starts else letter, fill="black", font=_font(11))
    frame = (left, top + _BAR, left + wide, top + _BAR + strip.size - 1)
    other = strip.differs(number)
    pen.rectangle(frame, outline=_RED if other else _GREY, width=3 if other else 1)
    below = (left + 2, top + 2 * _BAR + strip.size + 1)
    pen.text(below, f"{number} ≠" if other else str(number), fill=_RED if other else "black", font=_font(11))


def _side(strip: PageParts, start: int) -> Any:
    return next(spans for _, spans in strip.sides if any(span.start == start for span in spans))


def _thumb(page: Any, wide: int, high: int) -> Image.Image:
    """Return a page as a small grey picture; one that cannot be drawn shows its first words."""
    from PIL import Image, ImageDraw

    if page.drawable:
        with Image.open(io.BytesIO(page.png(high * 2))) as full:
            grey = full.convert("L").convert("RGB")
        grey.thumbnail((wide, high), Image.Resampling.LANCZOS)
        return grey
    blank = Image.new("RGB", (wide, high), "white")
    words = "\n".join(page.text[start : start + 12] for start in range(0, min(len(page.text), 72), 12))
    ImageDraw.Draw(blank).text((3, 3), words, fill="black", font=_font(8))
    return blank


def _font(size: int) -> ImageFont.FreeTypeFont:
    from pathlib import Path

    import matplotlib
    from PIL import ImageFont

    file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(str(file), size, layout_engine=ImageFont.Layout.BASIC)


class PartView:
    """The widgets of a strip: a button for each page, the page that was clicked, and its reason."""

    def __init__(self, strip: PageParts) -> None:
        import ipywidgets

        self.strip = strip
        self.buttons = [self._button(page.number) for page in strip.pages[: strip.most]]
        row = ipywidgets.HBox(self.buttons, layout=ipywidgets.Layout(flex_flow="row wrap"))
        whole = ipywidgets.Image(value=drawn(strip), format="png", layout={"max_width": "100%"})
        self.page = ipywidgets.Image(format="png", layout={"max_width": "460px", "display": "none"})
        self.about = ipywidgets.HTML("Choose a page.")
        chosen = ipywidgets.HBox([self.page, self.about], layout=ipywidgets.Layout(flex_flow="row wrap"))
        self.box = ipywidgets.VBox([whole, row, chosen])

    def show(self, number: int, button: object = None) -> None:
        """Show a page large, with its parts and the reason for them."""
        page = self.strip.pages[number - 1]
        if page.drawable:
            self.page.value = page.png(640)
            self.page.layout.display = None
        lines = [f"<b>Page {number}</b>"]
        for name, spans in self.strip.sides:
            span = self.strip.of(number, spans)
            lines.append(f"{name}: {html.escape(span.title if span else 'none')}")
        lines.append(html.escape(self.strip.reasons.get(number, "No reason was given for this page.")))
        self.about.value = "<br>".join(lines)

    def _button(self, number: int) -> Any:
        import ipywidgets

        mark = " ≠" if self.strip.differs(number) else ""
        button = ipywidgets.Button(
            description=f"{number}{mark}",
            tooltip=f"Show page {number}",
            layout=ipywidgets.Layout(width="auto", min_width="2.6em", padding="0 4px"),
        )
        spans = self.strip.predicted or self.strip.gold
        button.style.button_color, button.style.text_color = self.strip.colour(number, spans), "black"
        button.on_click(partial(self.show, number))
        return button
