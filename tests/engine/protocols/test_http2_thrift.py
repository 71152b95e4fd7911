from engine.protocols.http2.thrift import Thrift


def test_pings_now_and_then_are_fine_for_ever():
    thrift = Thrift(0.0)
    thrift.idle = 50_000
    assert thrift.complaint(10_000.0) == ""
    assert "bring nothing" in thrift.complaint(10.0)


def test_who_transfers_much_may_say_much():
    thrift = Thrift(0.0)
    thrift.useful, thrift.idle = 10_000, 20_000
    assert thrift.complaint(0.0) == ""


def test_resets_are_weighed_against_replies_taken():
    thrift = Thrift(0.0)
    thrift.resets = 201
    assert "reset" in thrift.complaint(0.0)
    thrift.completed = 100
    assert thrift.complaint(0.0) == ""
