"""The terminal program.  Needs textual."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, ClassVar, Final

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.coordinate import Coordinate
from textual.widgets import DataTable, Footer, Static

from engine.top.picture import Picture, RequestLine, Sample, Totals, WorkerLine, picture
from engine.top.source import Source, SourceError
from engine.top.words import age, count, duration, rate, size

__all__ = ["TopApp"]

_WORKERS: Final[tuple[tuple[str, Callable[[WorkerLine], str]], ...]] = (
    ("worker", lambda line: str(line.number)),
    ("pid", lambda line: str(line.pid) if line.pid else "-"),
    ("status", lambda line: line.status),
    ("cores", lambda line: f"{line.busy}/{count(line.cores)}"),
    ("waiting", lambda line: count(line.waiting)),
    ("tasks", lambda line: count(line.tasks)),
    ("conns", lambda line: count(line.connections)),
    ("req/s", lambda line: rate(line.per_second)),
    ("requests", lambda line: count(line.requests)),
    ("avg", lambda line: duration(line.average_time)),
    ("sent/s", lambda line: size(line.sent_per_second)),
    ("rss", lambda line: size(line.rss)),
    ("errors", lambda line: count(line.exceptions)),
    ("harakiri", lambda line: count(line.harakiris)),
    ("starts", lambda line: count(line.respawns)),
    ("age", lambda line: age(line.age)),
)
_REQUESTS: Final[tuple[tuple[str, Callable[[RequestLine], str]], ...]] = (
    ("worker", lambda line: str(line.worker)),
    ("core", lambda line: "task" if line.asgi else str(line.core)),
    ("for", lambda line: age(line.seconds)),
    ("client", lambda line: line.client),
    ("request", lambda line: f"{line.method} {line.uri}"),
)


class TopApp(App[None]):
    """Shows what a stats server tells, anew every *interval* seconds.

    :param clock: epoch seconds
    """

    CSS = """
    #totals { height: 4; padding: 0 1; background: $panel; }
    #trouble { height: auto; padding: 0 1; background: $error; color: $text; display: none; }
    #workers { height: auto; max-height: 50%; }
    #heading { height: 1; padding: 0 1; background: $panel; text-style: bold; }
    #requests { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("q", "quit", "Quit"), ("space", "hold", "Hold / go on")]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, source: Source, interval: float = 1.0, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.title = f"gevent-engine top {source.place.text}"
        self._source = source
        self._interval = interval
        self._clock = clock
        self._last: Sample | None = None
        self.held = False
        self.shown: Picture | None = None

    def compose(self) -> ComposeResult:
        """Make the parts of the screen (textual)."""
        with Vertical():
            yield Static(f"asking {self._source.place.text} ...", id="totals", markup=False)
            yield Static("", id="trouble", markup=False)
            yield _table("workers", [name for name, _ in _WORKERS])
            yield Static("running requests, the longest first", id="heading", markup=False)
            yield _table("requests", [name for name, _ in _REQUESTS])
        yield Footer()

    def on_mount(self) -> None:
        """Begin to ask (textual)."""
        self.run_worker(self._watch(), exclusive=True)

    def action_hold(self) -> None:
        """Stop changing the screen, or go on."""
        self.held = not self.held

    async def _watch(self) -> None:
        while True:
            if not self.held:
                await self._refresh()
            await asyncio.sleep(self._interval)

    async def _refresh(self) -> None:
        try:
            sample = Sample(await self._source.fetch(), self._clock())
        except SourceError as error:
            self._trouble(f"{error}; asking again every {self._interval:g} s")
            return
        self._trouble("")
        self._last, before = sample, self._last
        self.shown = picture(sample, before)
        self._show(self.shown)

    def _trouble(self, text: str) -> None:
        banner = self.query_one("#trouble", Static)
        banner.update(text)
        banner.display = bool(text)

    def _show(self, shown: Picture) -> None:
        self.query_one("#totals", Static).update(_summary(self._source.place.text, shown.totals))
        _fill(self.query_one("#workers", DataTable), _WORKERS, shown.workers)
        _fill(self.query_one("#requests", DataTable), _REQUESTS, shown.requests)


def _table(name: str, columns: list[str]) -> DataTable[Text]:
    table: DataTable[Text] = DataTable(id=name, cursor_type="none", zebra_stripes=True)
    table.add_columns(*columns)
    return table


def _fill(table: DataTable[Text], columns: tuple[tuple[str, Callable[[Any], str]], ...], lines: Any) -> None:
    """Show *lines*, drawing only cells that have changed.

    Cells are Text: a str would be read as markup, and clients write what is in them.
    """
    rows = [[Text(text(line)) for _, text in columns] for line in lines]
    while table.row_count > len(rows):
        table.remove_row(table.ordered_rows[-1].key)
    for number, row in enumerate(rows):
        if number >= table.row_count:
            table.add_row(*row)
            continue
        for column, cell in enumerate(row):
            if table.get_cell_at(Coordinate(number, column)) != cell:
                table.update_cell_at(Coordinate(number, column), cell, update_width=True)


def _summary(place: str, totals: Totals) -> str:
    return (
        f"gevent-engine {totals.version}  {place}  pid {totals.pid}  "
        f"workers {totals.serving}/{totals.workers}  memory {size(totals.rss)}\n"
        f"cores    {totals.busy} of {totals.cores} busy, {count(totals.waiting)} requests wait for one\n"
        f"requests {count(totals.requests)}, {rate(totals.per_second)}/s, "
        f"{size(totals.sent_per_second)}/s sent, {count(totals.exceptions)} errors\n"
        f"clients  {count(totals.connections)} connections, {count(totals.tasks)} tasks, "
        f"backlog {totals.queue} of {totals.longest_queue}"
    )
