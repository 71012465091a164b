"""The player in Firefox: that it opens from a file without an error, hears keys, and shows the recorded numbers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.browser import run_of, scenario_page
from tracer.views.notation import Labels, number_of

FIREFOX = next((path for name in ("firefox-esr", "firefox") if (path := shutil.which(name))), None)

PROBLEMS = """
return Services.console.getMessageArray().filter(each => each instanceof Ci.nsIScriptError && /^file:/.test(each.sourceName))
  .map(each => each.errorMessage)
"""


class FirefoxPage:
    """A page in Firefox."""

    def __init__(self, firefox: Any, path: Path) -> None:
        self.firefox, self.path = firefox, path

    def script(self, text: str) -> Any:
        return self.firefox.execute_script(f"return {text}")

    def at(self, state: str) -> None:
        """Open the page at a state, in its address."""
        self.firefox.navigate("about:blank")
        self.firefox.navigate(f"file://{self.path}{state}")
        self.wait("document.querySelector('.inspector') !== null")

    def wait(self, condition: str) -> None:
        wait = pytest.importorskip("marionette_driver").Wait(self.firefox, timeout=20, interval=0.05)
        wait.until(lambda _: self.script(condition), message=condition)

    def press(self, key: str, condition: str) -> None:
        self.firefox.actions.sequence("key", "keyboard").send_keys(key).perform()
        self.wait(condition)

    def problems(self) -> list[str]:
        with self.firefox.using_context("chrome"):
            found: list[str] = self.firefox.execute_script(PROBLEMS)
        return found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirefoxPage]:
    marionette = pytest.importorskip("marionette_driver.marionette", reason="the extra `browser` is not installed")
    if FIREFOX is None:
        pytest.skip("there is no Firefox")
    folder = tmp_path_factory.mktemp("firefox")
    (folder / "page.html").write_text(scenario_page("fruit", 3), encoding="utf-8")
    firefox = marionette.Marionette(bin=FIREFOX, headless=True, gecko_log=str(folder / "log"))
    firefox.start_session()
    yield FirefoxPage(firefox, folder / "page.html")
    firefox.quit()
    firefox.cleanup()


def test_keys_move_through_the_step_in_firefox(page: FirefoxPage) -> None:
    page.at("#op=20&seen=20")
    for key, condition in [
        ("\ue014", "location.hash.includes('op=21&seen=21')"),
        ("\ue012", "location.hash.includes('op=20&seen=20')"),
        ("4", "document.querySelectorAll('.around .box').length > 1"),
        ("?", "document.querySelectorAll('.dialog').length === 1"),
        ("\ue00c", "document.querySelectorAll('.dialog').length === 0"),
        ("\ue015", "location.hash.includes('step=1')"),
    ]:
        page.press(key, condition)
    assert page.problems() == []


def test_numbers_in_firefox_are_the_recorded_ones(page: FirefoxPage) -> None:
    step = run_of("fruit", 3).steps[0]
    noise = Labels(step.nodes).noise
    for name in ("x", "h1", "dL/dW2", "W2_new"):
        node = step.node(name)
        page.at(f"#op={node.id}&seen={len(step.nodes)}")
        shown = page.script("[...document.querySelectorAll('[data-element]')].map(each => each.textContent.trim())")
        assert shown == [number_of(node, index, noise) for index in np.ndindex(node.shape)]
        assert page.script("document.querySelector('.inspector math').getBoundingClientRect().height") > 10
    assert page.problems() == []
