"""What both worlds share: greenlets and tasks wait on the same condition."""

import bridge

messages = []
changed = bridge.Condition()


def add(text):
    """For greenlets: append a message, wake everybody, return its number."""
    with changed:
        messages.append(text)
        changed.notify_all()
        return len(messages)


def wait_for(number):
    """For greenlets: return message ``number``, counted from 1."""
    with changed:
        changed.wait_for(lambda: len(messages) >= number)
        return messages[number - 1]


async def aadd(text):
    """:func:`add` for tasks."""
    async with changed:
        messages.append(text)
        changed.notify_all()
        return len(messages)


async def await_message(number):
    """:func:`wait_for` for tasks."""
    async with changed:
        await changed.await_for(lambda: len(messages) >= number)
        return messages[number - 1]
