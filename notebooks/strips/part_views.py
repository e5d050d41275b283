"""How a strip of parts is drawn: as one picture, and as widgets in which a click on a page shows it large."""

from __future__ import annotations

import base64
import html
import io
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image, ImageFont

    from strips.spans import PageParts

_BAR, _GAP, _FOOT, _LINE = 15, 6, 16, 17
_MARGIN = 70
_ACROSS = 13
_RED, _GREY = "#c00000", "#9a9a9a"


def drawn(strip: PageParts) -> bytes:
    """Return the strip as PNG: a row of pages after the other, then what the letters mean."""
    from PIL import Image, ImageDraw

    pages = strip.pages[: strip.most]
    wide, high = round(strip.size * 0.8), strip.size + 2 * _BAR + _FOOT
    across = min(_ACROSS, max(1, len(pages)))
    rows = -(-len(pages) // across)
    width = max(_MARGIN + across * (wide + _GAP) + _GAP, 760)
    legend = [f"{strip.letters[start]}  from page {start}: {strip.title(start)}" for start in strip.letters]
    height = 2 * _LINE + rows * (high + _GAP) + _LINE * -(-len(legend) // 2) + _GAP
    picture = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(picture)
    pen.text((_GAP, 4), strip.caption, fill="black", font=_font(12))
    for index, page in enumerate(pages):
        left = _MARGIN + index % across * (wide + _GAP)
        top = 2 * _LINE - 6 + index // across * (high + _GAP)
        if index % across == 0:
            for name, at in _bands(strip, top):
                pen.text((_GAP, at), name, fill="black", font=_font(11))
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
    for name, at in _bands(strip, top):
        spans = dict(strip.sides)[name]
        pen.rectangle((left, at, left + wide, at + _BAR - 1), fill=strip.colour(number, spans))
        pen.text((left + 4, at + 1), _letter(strip, number, spans), fill="black", font=_font(11))
    frame = (left, top + _BAR, left + wide, top + _BAR + strip.size - 1)
    other = strip.differs(number)
    pen.rectangle(frame, outline=_RED if other else _GREY, width=3 if other else 1)
    below = (left + 2, top + 2 * _BAR + strip.size + 1)
    pen.text(below, f"{number} ≠" if other else str(number), fill=_RED if other else "black", font=_font(11))


def _bands(strip: PageParts, top: int) -> list[tuple[str, int]]:
    """Return each side's name and the height at which its band is drawn."""
    heights = {"gold": top, "predicted": top + _BAR + strip.size}
    return [(name, heights[name]) for name, _ in strip.sides]


def _letter(strip: PageParts, number: int, spans: Any) -> str:
    """Return the letter of a page's part, marked where the part starts."""
    starts = any(span.start == number for span in spans)
    return f"{strip.letter(number, spans)} ▸" if starts else strip.letter(number, spans)


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
    """The widgets of a strip: pages are buttons between their bands; a click shows one, and its reason."""

    def __init__(self, strip: PageParts) -> None:
        import ipywidgets

        self.strip = strip
        self.buttons = [self._button(page.number) for page in strip.pages[: strip.most]]
        figures = [self._figure(number, button) for number, button in enumerate(self.buttons, 1)]
        row = ipywidgets.HBox(figures, layout=ipywidgets.Layout(flex_flow="row wrap"))
        sides = " above, ".join(name for name, _ in strip.sides) + (" below" if len(strip.sides) > 1 else "")
        top = ipywidgets.HTML(
            f"{self._pictures()}<b>{html.escape(strip.caption)}</b>. {sides}. Click on a page."
        )
        self.page = ipywidgets.Image(format="png", layout={"max_width": "460px", "display": "none"})
        self.about = ipywidgets.HTML()
        chosen = ipywidgets.HBox([self.page, self.about], layout=ipywidgets.Layout(flex_flow="row wrap"))
        legend = ipywidgets.HTML(self._legend())
        self.box = ipywidgets.VBox([top, row, legend, chosen])

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
        lines.append(html.escape(self.strip.why(number)))
        self.about.value = "<br>".join(lines)

    @property
    def _wide(self) -> int:
        return round(self.strip.size * 0.8)

    def _figure(self, number: int, button: Any) -> Any:
        """Return a page between its bands."""
        import ipywidgets

        bands = [ipywidgets.HTML(self._band(number, spans)) for _, spans in self.strip.sides]
        above, below = (bands[:1], bands[1:]) if self.strip.gold else ([], bands)
        layout = ipywidgets.Layout(width=f"{self._wide + 8}px", align_items="center")
        return ipywidgets.VBox([*above, button, *below], layout=layout)

    def _band(self, number: int, spans: Any) -> str:
        style = f"width:{self._wide}px;line-height:16px;font-size:11px;padding-left:4px;color:#000"
        fill = self.strip.colour(number, spans)
        return f'<div style="{style};background:{fill}">{_letter(self.strip, number, spans)}</div>'

    def _button(self, number: int) -> Any:
        import ipywidgets

        differs = self.strip.differs(number)
        button = ipywidgets.Button(
            description=f"{number} ≠" if differs else str(number),
            tooltip=f"Page {number}",
            layout=ipywidgets.Layout(
                width=f"{self._wide}px",
                height=f"{self.strip.size}px",
                border=f"3px solid {_RED}" if differs else f"1px solid {_GREY}",
                margin="0",
                padding="0",
            ),
        )
        button.add_class(self._class(number))
        button.add_class(self._class("all"))
        button.on_click(partial(self.show, number))
        return button

    def _pictures(self) -> str:
        """Return the style that puts each page's picture on its button; the number stands at its foot."""
        rules = []
        for page in self.strip.pages[: self.strip.most]:
            buffer = io.BytesIO()
            _thumb(page, self._wide, self.strip.size).save(buffer, format="PNG")
            data = base64.b64encode(buffer.getvalue()).decode()
            picture = f"#fff url(data:image/png;base64,{data}) center/contain no-repeat"
            rules.append(f".{self._class(page.number)}{{background:{picture}!important}}")
        height = 2 * self.strip.size - 24
        number = (
            f"color:#000!important;line-height:{height}px!important;text-shadow:0 0 3px #fff,0 0 3px #fff"
        )
        rules.append(f".{self._class('all')}{{font-size:11px;{number}}}")
        return f"<style>{''.join(rules)}</style>"

    def _class(self, name: object) -> str:
        return f"kit-page-{id(self):x}-{name}"

    def _legend(self) -> str:
        box = "display:inline-block;width:10px;height:10px;margin:0 6px 0 0"
        rows = []
        for start, letter in self.strip.letters.items():
            fill = self.strip.colour(start, _side(self.strip, start))
            words = html.escape(f"{letter} from page {start}: {self.strip.title(start)}")
            rows.append(f'<div><span style="{box};background:{fill}"></span>{words}</div>')
        return f'<div style="columns:2;line-height:1.5">{"".join(rows)}</div>'
