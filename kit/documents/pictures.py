"""Pictures: one page for each page of a TIFF, one for anything else; too large ones are refused first."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

from kit.documents.bounds import Bounds, Part
from kit.documents.errors import CorruptFile, ImageTooLarge, TooManyPages
from kit.documents.kinds import MAX_PIXELS


def read(name: str, data: bytes, bounds: Bounds) -> list[Part]:
    """Return a part for each page; each is decoded once, so that a picture that breaks off is found."""
    from PIL import Image

    refuse_bomb(name, data, bounds.max_pixels)
    with warnings.catch_warnings(), Image.open(io.BytesIO(data)) as picture:
        warnings.simplefilter("ignore")
        frames = getattr(picture, "n_frames", 1)
        paged = picture.format == "TIFF"
        if paged and frames > bounds.limit:
            ways = "Raise limit=, or split it."
            raise TooManyPages(name, f"{frames} pages are more than {bounds.limit}. {ways}")
        for frame in range(frames if paged else 1):
            bounds.check(f"page {frame + 1}")
            picture.seek(frame)
            if (pixels := picture.width * picture.height) > bounds.max_pixels:
                size = f"{pixels:,} pixels on page {frame + 1} are more than {bounds.max_pixels:,}"
                raise ImageTooLarge(name, f"{size}. Shrink it.")
            picture.load()
    if paged:
        return [Part(scan=True) for _ in range(frames)]
    moving = [f"the first of {frames} frames; the others are not shown"] if frames > 1 else []
    return [Part(notes=moving, scan=True)]


def drawn(name: str, data: bytes, kind: str, number: int, longest: int) -> bytes:
    """Return a page of a picture upright and as PNG, as attachments delivers it."""
    from attachments import processors
    from PIL import Image, ImageOps

    if number > 1:
        buffer, kind = io.BytesIO(), ".png"
        with Image.open(io.BytesIO(data)) as picture:
            picture.seek(number - 1)
            upright = ImageOps.exif_transpose(picture)
            (upright if upright.mode in ("1", "L", "RGB") else upright.convert("RGB")).save(buffer, "PNG")
        data = buffer.getvalue()
    named = Path(name).stem + kind
    artifact = processors[kind](data, filename=named, max_dim=longest, image_format="png")
    if not artifact["images"]:
        raise CorruptFile(name, f"{artifact['meta']['error']['message']}. Save or send it again.")
    return artifact["images"][0]["bytes"]


def refuse_bomb(source: str, data: bytes, max_pixels: int = MAX_PIXELS) -> None:
    """Read a picture's header only, and refuse it if it promises too many pixels or cannot be read."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            width, height = Image.open(io.BytesIO(data)).size
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(source, f"{error} Shrink it first.") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise CorruptFile(source, "this picture cannot be decoded. Save or send it again.") from error
    if width * height > max_pixels:
        size = f"{width:,} by {height:,} pixels are more than {max_pixels:,}"
        raise ImageTooLarge(source, f"{size}. Shrink it, or raise max_pixels=.")
