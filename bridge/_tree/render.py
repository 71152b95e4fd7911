"""A picture as text: whoever waits stands above what it waits for."""

from __future__ import annotations

import linecache

from bridge._tree.collect import collect
from bridge._tree.model import Frame, Node, Picture, State

__all__ = ["format_tree", "render", "state_text"]


class _Text:
    """The text of one picture in the making."""

    def __init__(self, picture: Picture, source: bool) -> None:
        self._picture = picture
        self._source = source
        self._shown: set[int] = set()
        self.lines: list[str] = []

    def run(self) -> str:
        """Write everything."""
        picture = self._picture
        nodes = picture.nodes.values()
        tasks = sum(node.kind.value == "Task" for node in nodes)
        greenlets = len(picture.nodes) - tasks
        self.lines.append(
            f"Process {picture.pid}: {_count(len(picture.threads), 'thread')}, {_count(tasks, 'task')}, "
            f"{_count(greenlets, 'greenlet')}"
        )
        if picture.unstarted:
            self.lines.append(f"and {_count(picture.unstarted, 'greenlet')} nobody has started")
        waited_for = picture.waited_for()
        for ident in sorted(picture.threads, key=lambda each: (each == 0, each)):
            thread = picture.threads[ident]
            self.lines.append("")
            self.lines.append(f"Thread {ident:#x} {thread.name}" if ident else "Loops that do not run")
            self.lines += [f"  {text}" for text in thread.loops]
            self._stack(thread.stack, "  ")
            mine = [node for node in nodes if node.thread == ident]
            for node in mine:
                if node.key not in waited_for:
                    self._node(node, "  ", ())
            for node in mine:
                if node.key not in self._shown and self._in_circle(node):
                    self._node(node, "  ", ())
        return "\n".join(self.lines) + "\n"

    def _in_circle(self, node: Node) -> bool:
        """Whether nobody outside a circle will show the node: each waits for the next."""
        reached: set[int] = set()
        todo = [node.key]
        while todo:
            found = self._picture.nodes.get(todo.pop())
            for wait in () if found is None else found.waits:
                if wait.node is not None and wait.node not in reached:
                    reached.add(wait.node)
                    todo.append(wait.node)
        return node.key in reached

    def _node(self, node: Node, indent: str, above: tuple[int, ...]) -> None:
        title = f"{node.kind.value} {node.label}"
        if node.key in above:
            self.lines.append(f"{indent}{title}: A CIRCLE, each waits for the next")
            return
        if node.key in self._shown:
            self.lines.append(f"{indent}{title}: shown above")
            return
        self._shown.add(node.key)
        self.lines.append(f"{indent}{title}: {state_text(node)}")
        inner = indent + "  "
        self.lines += [f"{inner}({note})" for note in node.notes]
        self._stack(node.stack, inner)
        for wait in node.waits:
            target = self._picture.nodes.get(wait.node) if wait.node is not None else None
            if target is not None:
                self._child(target, inner, (*above, node.key))

    def _child(self, node: Node, indent: str, above: tuple[int, ...]) -> None:
        at = len(self.lines)
        self._node(node, indent + "  ", above)
        self.lines[at] = f"{indent}> {self.lines[at].strip()}"

    def _stack(self, stack: list[Frame], indent: str) -> None:
        for frame in stack:
            self.lines.append(f'{indent}File "{frame.file}", line {frame.line}, in {frame.function}')
            text = linecache.getline(frame.file, frame.line).strip() if self._source else ""
            if text:
                self.lines.append(f"{indent}  {text}")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def state_text(node: Node) -> str:
    """Say what *node* does, or waits for."""
    if node.state is not State.WAITING:
        return str(node.state.value)
    whats = [wait.what for wait in node.waits if wait.node is None]
    below = [wait.what for wait in node.waits if wait.node is not None]
    for what in sorted(set(below)):
        number = below.count(what)
        whats.append(f"the {what} below" if number == 1 else f"the {number} {what}s below")
    return "waiting for " + (", ".join(whats) or "something unknown")


def render(picture: Picture, *, source: bool = True) -> str:
    """Return the picture as text; *source* adds the line of code to each line of a stack."""
    return _Text(picture, source).run()


def format_tree(*, source: bool = True) -> str:
    """Return every greenlet and every task of the process, in all threads, as one tree.

    Each is shown with its state, what it waits for and its stack; what it
    waits for, if that is a task or a greenlet, stands below it.

    From any thread and from signal handlers.  It looks at every object of the
    process once, which takes about a tenth of a second for a million.

    :param source: add the line of code to each line of a stack
    """
    return render(collect(), source=source)
