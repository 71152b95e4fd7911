"""Messages for mules: each is taken once, by a mule that may have it."""

from __future__ import annotations

from engine.uwsgi_api.helpers.mail import Mail, Wish


def new_mail() -> tuple[Mail, list[tuple[int, bytes]]]:
    sent: list[tuple[int, bytes]] = []
    mail = Mail({"blue": (1, 2)}, lambda mule, data: not sent.append((mule, data)))  # type: ignore[func-returns-value]
    return mail, sent


def test_a_message_waits_for_a_mule_that_asks() -> None:
    mail, sent = new_mail()
    assert mail.post(0, b"one")
    assert sent == []
    mail.ask(2, Wish())
    assert sent == [(2, b"one")]
    mail.ask(2, Wish())
    mail.post(0, b"two")
    assert sent == [(2, b"one"), (2, b"two")]
    assert len(mail) == 0


def test_a_busy_mule_gets_nothing_more() -> None:
    mail, sent = new_mail()
    mail.ask(1, Wish())
    mail.ask(2, Wish())
    for number in range(3):
        mail.post(0, b"%d" % number)
    assert sent == [(1, b"0"), (2, b"1")]
    mail.ask(2, Wish())
    assert sent[-1] == (2, b"2")


def test_a_message_for_one_mule_is_for_no_other() -> None:
    mail, sent = new_mail()
    mail.ask(1, Wish())
    mail.post(2, b"x")
    assert sent == []
    mail.ask(2, Wish())
    assert sent == [(2, b"x")]


def test_farms() -> None:
    mail, sent = new_mail()
    mail.ask(3, Wish())
    mail.post("blue", b"x")
    assert sent == []
    mail.ask(1, Wish(farms=False))
    assert sent == []
    mail.ask(2, Wish(own=False))
    assert sent == [(2, b"x")]
    mail.post(0, b"y")
    assert sent[-1] == (3, b"y")


def test_a_mule_that_has_ended_is_not_sent_anything() -> None:
    mail, sent = new_mail()
    mail.ask(1, Wish())
    mail.forget(1)
    mail.post(0, b"x")
    assert sent == []
