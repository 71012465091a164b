"""Write docs/images/player.gif: the player of `fruit` in Chromium, from the loss to one number of a gradient.

    python docs/_player_film.py

Needs Playwright, Chromium and Pillow.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

import tracer

ROOT = Path(__file__).parent.parent
SIZE = {"width": 1200, "height": 750}
WIDTH = 900
"""Of the film, in pixels."""


def film(pages: Path, written: Path) -> None:
    step = tracer.run(tracer.load("fruit"), steps=2)
    page_file = pages / "fruit.html"
    step.render(str(page_file))
    gradient = step.steps[0].node("dL/dW2")
    first = next(node.id for node in step.steps[0].nodes if node.phase == "forward")
    scenes = [(f"#op={id}&seen={id}", 500) for id in range(first, gradient.id + 1, 3)]
    scenes += [(f"#op={gradient.id}&seen={gradient.id}&at={at}", 1200) for at in (0, 1)]
    frames, times = [], []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE)
        page.goto(f"file://{page_file}{scenes[0][0]}")
        page.wait_for_selector(".inspector")

        def shoot(milliseconds: int) -> None:
            page.wait_for_timeout(150)
            image = Image.open(io.BytesIO(page.screenshot()))
            frames.append(image.resize((WIDTH, WIDTH * SIZE["height"] // SIZE["width"]), Image.Resampling.LANCZOS))
            times.append(milliseconds)

        for state, milliseconds in scenes:
            page.evaluate("state => { location.hash = state }", state)
            shoot(milliseconds)
        for _ in range(2):  # follow the largest term to where it is from
            page.keyboard.press("Enter")
            shoot(1800)
        browser.close()
    palette = [frame.quantize(64, dither=Image.Dither.NONE) for frame in frames]
    written.parent.mkdir(exist_ok=True)
    palette[0].save(written, save_all=True, append_images=palette[1:], duration=times, loop=0, optimize=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        film(Path(folder), ROOT / "docs/images/player.gif")
    sys.stdout.write("wrote docs/images/player.gif\n")
