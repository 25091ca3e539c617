"""Pictures of pages as small PNGs: of at most 256 colours, as many as a page has but for the edges of letters."""

import base64
import struct
import zlib

import numpy as np
from playwright.async_api import Page

COLOURS = 256
# The browser reads PNGs best: it hands over what is in one as red, green, blue, alpha.
READ = """async (png) => {
  const bytes = Uint8Array.from(atob(png), (one) => one.charCodeAt(0));
  const picture = await createImageBitmap(new Blob([bytes], {type: "image/png"}));
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  const {data} = context.getImageData(0, 0, picture.width, picture.height);
  let text = "";
  for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768));
  return [picture.width, picture.height, btoa(text)];
}"""


async def small(png: bytes, page: Page) -> bytes:
    """The same picture; *page* is any page that is open, and may be asked for a moment."""
    width, height, pixels = await page.evaluate(READ, base64.b64encode(png).decode())
    raw = np.frombuffer(base64.b64decode(pixels), dtype=np.uint8).reshape(height * width, 4).astype(np.uint32)
    colours, places = palette(raw[:, 0] << 16 | raw[:, 1] << 8 | raw[:, 2])
    return written(places.reshape(height, width), colours)


def palette(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Colours as rows of red, green and blue, and for each pixel which of them it has.

    Where there are too many, those that are had the most stand for those that are nearest to them.
    """
    found, places, counts = np.unique(pixels, return_inverse=True, return_counts=True)
    parts = np.stack([found >> 16 & 255, found >> 8 & 255, found & 255], axis=1).astype(np.int32)
    if len(found) <= COLOURS:
        return parts.astype(np.uint8), places.astype(np.uint8)
    # Of colours that nobody can tell apart only one is taken, or many shades of white would crowd out a rare red.
    kept: list[int] = []
    taken: set[tuple[int, ...]] = set()
    for coarse in (64, 16, 8, 4, 1):
        for place in np.argsort(-counts, kind="stable"):
            cell = (coarse, *(parts[place] // coarse))
            if len(kept) == COLOURS:
                break
            if cell not in taken and place not in kept:
                kept.append(int(place))
            taken.add(cell)
    chosen = parts[kept]
    distance = ((parts[:, None, :] - chosen[None, :, :]) ** 2).sum(axis=2)
    nearest = distance.argmin(axis=1).astype(np.uint8)
    return chosen.astype(np.uint8), nearest[places]


def written(places: np.ndarray, colours: np.ndarray) -> bytes:
    height, width = places.shape
    lines = np.zeros((height, width + 1), dtype=np.uint8)  # each begins with its filter, which is none
    lines[:, 1:] = places
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = (
        (b"IHDR", head),
        (b"PLTE", colours.tobytes()),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
