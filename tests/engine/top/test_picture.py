"""Two documents become figures."""

from engine.stats.scoreboard import Column
from engine.stats.snapshot import ServerFacts, SocketFacts, WorkerFacts, snapshot
from engine.top.picture import Sample, picture


def document(requests=0, tx=0, cores=(), pid=100, **columns):
    figures = {
        Column.PID: 101,
        Column.CORES: 2,
        Column.REQUESTS: requests,
        Column.TX: tx,
        Column.SPAWNED: 900,
        Column.RSS: 1 << 20,
        Column.CONNECTIONS: 7,
        **{Column[name.upper()]: value for name, value in columns.items()},
    }
    workers = [WorkerFacts(1, figures, cores, tasks=3), WorkerFacts(2, {})]
    sockets = [SocketFacts("127.0.0.1:80", "http", 4, 100)]
    return snapshot(ServerFacts("0.1.0", pid, 0, 0, "/", 2, sockets, workers))


def running(core, began, uri="/a"):
    said = ["REQUEST_METHOD=GET", f"REQUEST_URI={uri}", "REMOTE_ADDR=10.0.0.1", ""]
    return {"id": core, "requests": 1, "in_request": 1, "vars": said, "req_info": {"request_start": began}}


def test_rates_are_those_between_two_documents():
    before = Sample(document(requests=10, tx=1000), 1000.0)
    shown = picture(Sample(document(requests=30, tx=5000), 1002.0), before)
    assert shown.workers[0].per_second == 10
    assert shown.totals.per_second == 10
    assert shown.totals.sent_per_second == 2000
    assert shown.totals.requests == 30


def test_there_is_no_rate_without_an_earlier_document_nor_over_a_restart_of_the_server():
    now = Sample(document(requests=30, pid=200), 1002.0)
    assert picture(now, None).totals.per_second == 0
    assert picture(now, Sample(document(requests=10), 1001.0)).totals.per_second == 0


def test_counters_of_a_replaced_worker_never_give_a_negative_rate():
    shown = picture(Sample(document(tx=500), 1001.0), Sample(document(tx=9000), 1000.0))
    assert shown.totals.sent_per_second == 500


def test_workers_and_totals():
    totals = picture(Sample(document(busy_cores=2, waiting=5), 1000.0), None).totals
    assert (totals.serving, totals.workers, totals.busy, totals.cores) == (1, 2, 2, 2)
    assert (totals.waiting, totals.connections, totals.tasks) == (5, 7, 3)
    assert (totals.queue, totals.longest_queue, totals.rss) == (4, 100, 1 << 20)


def test_a_worker_without_a_process():
    line = picture(Sample(document(), 1000.0), None).workers[1]
    assert (line.pid, line.status, line.age) == (0, "cheap", 0)


def test_running_requests_come_with_the_longest_first():
    cores = [running(0, 995), running(1, 990, "/x?a=b"), running(2, 999)]
    lines = picture(Sample(document(cores=cores), 1000.0), None).requests
    assert [(line.core, line.seconds, line.asgi) for line in lines] == [
        (1, 10, False),
        (0, 5, False),
        (2, 1, True),
    ]
    assert (lines[0].method, lines[0].uri, lines[0].client) == ("GET", "/x?a=b", "10.0.0.1")


def test_a_document_of_uwsgi_itself_is_understood():
    theirs = document(cores=[running(0, 990)])
    for worker in theirs["workers"]:
        for key in ("all_cores", "busy_cores", "waiting_requests", "connections", "tasks"):
            del worker[key]
    shown = picture(Sample(theirs, 1000.0), None)
    assert (shown.workers[0].busy, shown.workers[0].cores, shown.workers[0].tasks) == (1, 2, None)
    assert not shown.requests[0].asgi
