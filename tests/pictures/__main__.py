"""Takes all pictures anew, or those that are named: `python -m tests.pictures [--seconds 130] [NAME ...]`.

The product runs as a process of its own, before providers of ours and with clients of ours, for as long as its curves
need. Both themes of each page go to the folder of `--both`, for whoever wants to look at them.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from tests.dashboard.conftest import CHROMIUM
from tests.pictures.album import ALBUM, Picture
from tests.pictures.clients import busy
from tests.pictures.house import ADMIN, furnished
from tests.pictures.png import small
from tests.pictures.providers import providers
from tests.pictures.terminal import drawn
from tests.process.running import HOME, run, running

DOCS = HOME / "docs"
LARGEST = 250_000  # bytes of a picture
SHARPNESS = 2
IMPORTED = Path(__file__).with_name("litellm_config.yaml")


async def album(chosen: list[Picture], seconds: float, both: Path | None) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with providers() as address:
            file = await furnished(folder, address)
            async with (
                running(folder, file) as gateway,
                busy(gateway.url),
                async_playwright() as play,
                await play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]) as browser,
            ):
                page = await entered(browser, gateway.url)
                await asyncio.sleep(seconds)  # it has watched all of what comes by
                for picture in chosen:
                    await taken(page, gateway.url, picture, both)


async def entered(browser: Browser, url: str) -> Page:
    """By the door, as every operator comes in."""
    context = await browser.new_context(device_scale_factor=SHARPNESS, locale="en-GB", timezone_id="UTC")
    page = await context.new_page()
    await page.goto(f"{url}/dashboard/")
    await page.fill("#key", ADMIN)
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".rail")
    return page


async def taken(page: Page, url: str, picture: Picture, both: Path | None) -> None:
    """In the theme of the picture for the README, in both of them for *both*."""
    await page.set_viewport_size({"width": picture.wide, "height": picture.high})
    await page.goto(f"{url}/{picture.path}")
    await picture.ready(page)
    await page.evaluate("document.activeElement.blur()")
    for dark in (picture.dark, not picture.dark) if both is not None else (picture.dark,):
        await page.emulate_media(color_scheme="dark" if dark else "light")
        await page.wait_for_timeout(400)
        shot = await page.screenshot(animations="disabled", caret="hide")
        async with await page.context.new_page() as desk:
            png = await small(shot, desk)
        assert len(png) < LARGEST, f"{picture.name} is too large for a page that people read"
        if dark is picture.dark:
            (DOCS / f"{picture.name}.png").write_bytes(png)
            print(f"{picture.name}: {len(png):,} bytes", flush=True)
        if both is not None:
            (both / f"{picture.name}-{'dark' if dark else 'light'}.png").write_bytes(png)


def imported() -> str:
    """What the import of a file of LiteLLM's reports, as it is printed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / IMPORTED.name).write_bytes(IMPORTED.read_bytes())
        arguments = ("import-litellm", IMPORTED.name, "--out", "config.yaml")
        done = run(*arguments, folder=folder)
        assert done.returncode == 0, done.stderr
        return "\n".join((f"$ python proxy.py {' '.join(arguments)}", done.stdout + done.stderr))


def main() -> None:
    given = argparse.ArgumentParser(prog="python -m tests.pictures", description=__doc__)
    given.add_argument("--seconds", type=float, default=130.0, help="how long calls come in before the first picture")
    given.add_argument("--both", type=Path, help="a folder for both themes of each page")
    given.add_argument("names", nargs="*", help="of pictures; all, if none is named")
    chosen = given.parse_args()
    wanted = [one for one in ALBUM if not chosen.names or one.name in chosen.names]
    if not chosen.names or "import-litellm" in chosen.names:
        title = "What python proxy.py import-litellm reports: mapped, mapped with changed meaning, not mapped"
        (DOCS / "import-litellm.svg").write_text(drawn(imported(), title=title), encoding="utf-8")
    if wanted:
        asyncio.run(album(wanted, chosen.seconds, chosen.both))


if __name__ == "__main__":
    main()
