"""A real browser without a screen, spoken to over its DevTools protocol."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from websockets.sync.client import connect

from tests.support.ports import free_port
from tests.support.processes import ServerProcess
from tests.support.waiting import wait_until

__all__ = ["Chromium", "Page", "chromium_path"]

_NAMES: Final = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")


def chromium_path() -> str | None:
    """Where a Chromium is, or ``None``; ``CHROMIUM`` names one in another place."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


class Chromium:
    """A browser with a profile of its own in *directory*; use it with ``with``."""

    def __init__(self, directory: Path, *more: str) -> None:
        program = chromium_path()
        if program is None:
            raise FileNotFoundError("no Chromium: install the package chromium-headless-shell")
        self._port = free_port()
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", *more]
        place = [f"--remote-debugging-port={self._port}", f"--user-data-dir={directory / 'profile'}"]
        address = ("127.0.0.1", self._port)
        self._process = ServerProcess([program, *options, *place, "about:blank"], addresses=[address])

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            process = stack.enter_context(self._process).wait_ready(40)
            url = process.wait_for_log("DevTools listening on ").partition("listening on ")[2].split()[0]
            self._socket = stack.enter_context(connect(url, proxy=None, max_size=None, open_timeout=20))
            self._stack = stack.pop_all()
        self._numbers = itertools.count(1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def open(self, url: str) -> Page:
        """Open a page in a tab of its own."""
        target = self.call("Target.createTarget", url=url)["targetId"]
        return Page(self, self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Call a method of the DevTools protocol and return its result."""
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        self._socket.send(json.dumps(message))
        deadline = time.monotonic() + 20
        while True:
            answer = json.loads(self._socket.recv(timeout=deadline - time.monotonic()))
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])


class Page:
    """One tab."""

    def __init__(self, browser: Chromium, session: str) -> None:
        self._browser = browser
        self._session = session

    def run(self, script: str) -> Any:
        """Evaluate JavaScript and return its value."""
        result = self._browser.call("Runtime.evaluate", self._session, expression=script, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def screenshot(self, path: Path, width: int = 1000, margin: int = 24) -> None:
        """Write a picture of the whole page, in PNG."""
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        self._browser.call("Emulation.setDeviceMetricsOverride", self._session, **size)
        height = self.run("document.body.getBoundingClientRect().bottom") + margin
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        taken = self._browser.call(
            "Page.captureScreenshot", self._session, format="png", clip=clip, captureBeyondViewport=True
        )
        path.write_bytes(base64.b64decode(taken["data"]))

    def wait_for(self, script: str, timeout: float = 15.0) -> Any:
        """Evaluate JavaScript until its value is true, and return that."""

        def ask() -> Any:
            try:
                return self.run(script)
            except RuntimeError:
                return None  # the page is still loading

        return wait_until(ask, timeout=timeout, what=script)
