"""Write docs/images/player.gif: the player of `fruit` in Chromium, from the first operation to one number of a gradient.

    python docs/_player_film.py

Keys and clicks are those of a reader. Needs Chromium, the extra `browser`, and Pillow.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

import tracer

ROOT = Path(__file__).parent.parent
SIZE = {"width": 1120, "height": 700}
WIDTH = 900
"""Of the film, in pixels."""
COLOURS = 128
POINTER = """(at) => {
  const dot = document.querySelector('.pointer') ?? document.body.appendChild(document.createElement('div'));
  dot.className = 'pointer';
  dot.style = `position:fixed; left:${at.x - 11}px; top:${at.y - 11}px; width:22px; height:22px; border-radius:50%;
    background:#d0102a66; border:2px solid #d0102a; z-index:99; pointer-events:none; display:${at.x ? 'block' : 'none'}`;
}"""


class Film:
    """Pictures of a page, each with the milliseconds that it is shown."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.frames: list[Image.Image] = []
        self.times: list[int] = []

    def shoot(self, milliseconds: int) -> None:
        self.page.wait_for_timeout(400)  # the picture has moved to the operation
        image = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        self.frames.append(image.resize((WIDTH, WIDTH * SIZE["height"] // SIZE["width"]), Image.Resampling.LANCZOS))
        self.times.append(milliseconds)

    def press(self, key: str, milliseconds: int) -> None:
        self.page.keyboard.press(key)
        self.shoot(milliseconds)

    def click(self, selector: str, milliseconds: int) -> None:
        """Show where the click is, then what it does."""
        place = self.page.locator(selector).first
        box = place.bounding_box()
        assert box is not None, selector
        self.page.evaluate(POINTER, {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2})
        self.shoot(900)
        place.click()
        self.page.evaluate(POINTER, {"x": 0, "y": 0})
        self.shoot(milliseconds)

    def write(self, path: Path) -> None:
        """All frames have the colours of one palette, so that only what changes is stored."""
        montage = Image.new("RGB", (WIDTH, sum(frame.height for frame in self.frames)))
        for number, frame in enumerate(self.frames):
            montage.paste(frame, (0, number * frame.height))
        colours = montage.quantize(COLOURS, dither=Image.Dither.NONE)
        first, *others = (frame.quantize(palette=colours, dither=Image.Dither.NONE) for frame in self.frames)
        path.parent.mkdir(exist_ok=True)
        first.save(path, save_all=True, append_images=others, duration=self.times, loop=0, optimize=True)


def play(film: Film, file: Path, trace: tracer.Trace) -> None:
    """Forward, loss and backward up to `dL/dW2`, then from its first number back to those it is made of."""
    step = trace.steps[0]
    start = step.node("h1").id - 1
    gradient = step.node("dL/dW2").id
    film.page.goto(f"file://{file}#op={start}&seen={start}")
    film.page.wait_for_selector(".inspector")
    film.shoot(1200)
    for id in range(start + 1, gradient + 1):
        named = step.nodes[id].name in ("h1", "logits", "loss", "dL/dlogits")
        film.press("ArrowRight", 1000 if named else 250)
    film.shoot(1000)
    for _ in range(3):
        film.click(".terms [data-term], .arithmetic [data-term]", 2000)


def main() -> None:
    trace = tracer.run(tracer.load("fruit"))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        file = Path(folder, "fruit.html")
        trace.render(file)
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        film = Film(browser.new_page(viewport=SIZE))
        play(film, file, trace)
        film.write(ROOT / "docs/images/player.gif")
        browser.close()
    sys.stdout.write("wrote docs/images/player.gif\n")


if __name__ == "__main__":
    main()
