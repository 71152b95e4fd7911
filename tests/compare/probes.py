"""Calls every function of the ``uwsgi`` module and says what came of it; runs under either server.

``GET /`` answers with one JSON object: name of a probe -> what it gave.  A probe gives a value that is
the same in every run (or the type, where values cannot be); an exception is shown with its class and text.
``GET /after`` runs in a later request, for what has to happen in between.
"""

import json
import os
import pickle
import socket

import uwsgi
import uwsgidecorators

SPOOL = os.environ["PROBE_SPOOL"]
QUIET = os.path.dirname(os.path.abspath(__file__))  # nothing changes there
handled = []
hooks = []
probes = {}
later = {}


def probe(function, table=probes):
    table[function.__name__.strip("_")] = function
    return function


def each(prefix, calls, table=probes):
    """One probe per entry; what it calls is written out, so that the table of results explains itself."""
    for name, call in calls.items():
        table[f"{prefix}{name}"] = call


def type_of(value):
    return type(value).__name__


def handler(number):
    handled.append(number)


uwsgi.register_signal(17, "", handler)
uwsgi.register_rpc("hello", lambda name: b"hello " + name)
uwsgi.register_rpc("text", lambda: "text")
uwsgi.register_rpc("broken", lambda: 1 / 0)
uwsgi.register_rpc("nothing", lambda: None)
uwsgi.register_rpc("number", lambda: 5)
uwsgi.post_fork_hook = lambda: hooks.append("post_fork")
uwsgi.after_req_hook = lambda: hooks.append("after_req")
at_import = {
    "worker_id": uwsgi.worker_id(),
    "masterpid": type_of(uwsgi.masterpid()),
    "i_am_the_spooler": uwsgi.i_am_the_spooler(),
    "mule_id": uwsgi.mule_id(),
    "request_id": repr(uwsgi.request_id()),
    "signal_registered(17)": uwsgi.signal_registered(17),
}

# -- attributes ---------------------------------------------------------------------------------

each(
    "",
    {
        name: lambda name=name: getattr(uwsgi, name)
        for name in (
            "version",
            "version_info",
            "numproc",
            "cores",
            "loop",
            "has_threads",
            "applications",
            "SPOOL_OK",
            "SPOOL_RETRY",
            "SPOOL_IGNORE",
            "buffer_size",
            "is_a_reload",
            "unbit",
            "mode",
            "queue_size",
        )
    },
)
each(
    "type of ",
    {
        name: lambda name=name: type_of(getattr(uwsgi, name))
        for name in (
            "hostname",
            "started_on",
            "sockets",
            "magic_table",
            "opt",
            "env",
            "start_response",
            "spoolers",
            "spooler",
            "post_fork_hook",
            "mule_msg_hook",
            "pidfile",
        )
    },
)
each(
    "opt ",
    {
        name: lambda name=name: uwsgi.opt.get(name)
        for name in ("master", "locks", "cache2", "queue", "gevent", "mode", "no-such", "farm")
    },
)
each("at import ", {name: lambda value=value: value for name, value in at_import.items()})
probes["env is the request's"] = lambda: uwsgi.env["PATH_INFO"]
probes["spoolers hold the directory"] = lambda: [os.fsdecode(each) == SPOOL for each in uwsgi.spoolers]

# -- processes ------------------------------------------------------------------------------------

each(
    "",
    {
        "worker_id()": lambda: uwsgi.worker_id(),
        "type of masterpid()": lambda: type_of(uwsgi.masterpid()),
        "masterpid() is the parent": lambda: uwsgi.masterpid() == os.getppid(),
        "mule_id()": lambda: uwsgi.mule_id(),
        "type of request_id()": lambda: type_of(uwsgi.request_id()),
        "type of total_requests()": lambda: type_of(uwsgi.total_requests()),
        "log('x')": lambda: uwsgi.log("a line"),
        "log(b'x')": lambda: uwsgi.log(b"a line"),
        "log(1)": lambda: uwsgi.log(1),
        "log()": lambda: uwsgi.log(),
        "types of mem()": lambda: [type_of(each) for each in uwsgi.mem()],
        "listen_queue()": lambda: uwsgi.listen_queue(),
        "listen_queue(0)": lambda: uwsgi.listen_queue(0),
        "listen_queue(99)": lambda: uwsgi.listen_queue(99),
        "accepting()": lambda: uwsgi.accepting(),
        "accepting(1)": lambda: uwsgi.accepting(1),
        "ready()": lambda: uwsgi.ready(),
        "set_user_harakiri(30)": lambda: uwsgi.set_user_harakiri(30),
        "set_user_harakiri(0)": lambda: uwsgi.set_user_harakiri(0),
        "set_user_harakiri('x')": lambda: uwsgi.set_user_harakiri("x"),
        "type of micros()": lambda: type_of(uwsgi.micros()),
        "logsize()": lambda: uwsgi.logsize(),
        "setprocname('x')": lambda: uwsgi.setprocname("probe"),
        "set_warning_message('x')": lambda: uwsgi.set_warning_message("warning"),
        "workers()": lambda: [type_of(uwsgi.workers()), len(uwsgi.workers())],
        "types in workers()": lambda: {k: type_of(v) for k, v in sorted(uwsgi.workers()[0].items())},
        "types in apps": lambda: {k: type_of(v) for k, v in sorted(uwsgi.workers()[0]["apps"][0].items())},
        "ids of workers()": lambda: [each["id"] for each in uwsgi.workers()],
    },
)

# -- the request ----------------------------------------------------------------------------------

each(
    "",
    {
        "set_logvar('k', 'v')": lambda: uwsgi.set_logvar("k", "v"),
        "get_logvar('k')": lambda: uwsgi.get_logvar("k"),
        "get_logvar(b'k')": lambda: uwsgi.get_logvar(b"k"),
        "get_logvar('none')": lambda: uwsgi.get_logvar("none"),
        "set_logvar(1, 2)": lambda: uwsgi.set_logvar(1, 2),
        "log_this_request()": lambda: uwsgi.log_this_request(),
        "connection_fd()": lambda: socket.socket(fileno=os.dup(uwsgi.connection_fd())).family.name,
        "is_connected(connection_fd())": lambda: uwsgi.is_connected(uwsgi.connection_fd()),
        "is_connected(-1)": lambda: uwsgi.is_connected(-1),
        "cl()": lambda: uwsgi.cl(),
        "add_var('K', 'v')": lambda: uwsgi.add_var("K", "v"),
        "chunked_read_nb() without a body": lambda: uwsgi.chunked_read_nb(),
        "sendfile('/no/such')": lambda: uwsgi.sendfile("/no/such"),
    },
)


def elsewhere(call):
    import gevent

    def run():
        try:
            return call()
        except Exception as error:
            return f"{type(error).__name__}: {error}"

    return gevent.spawn(run).get()


each(
    "in another greenlet: ",
    {
        "connection_fd()": lambda: type_of(elsewhere(lambda: uwsgi.connection_fd())),
        "set_logvar('k', 'v')": lambda: elsewhere(lambda: uwsgi.set_logvar("k", "v")),
        "cl()": lambda: elsewhere(lambda: uwsgi.cl()),
        "log('x')": lambda: elsewhere(lambda: uwsgi.log("x")),
        "worker_id()": lambda: elsewhere(lambda: uwsgi.worker_id()),
    },
)

# -- signals ----------------------------------------------------------------------------------------

PORT = int(os.environ["PROBE_UWSGI_PORT"])
each(
    "",
    {
        "signal_registered(17)": lambda: uwsgi.signal_registered(17),
        "signal_registered(99)": lambda: uwsgi.signal_registered(99),
        "signal_registered('x')": lambda: uwsgi.signal_registered("x"),
        "signal_received()": lambda: uwsgi.signal_received(),
        "register_signal(18, '', handler)": lambda: uwsgi.register_signal(18, "", handler),
        "register_signal(18) again": lambda: uwsgi.register_signal(18, "workers", handler),
        "register_signal(18, 'nonsense', handler)": lambda: uwsgi.register_signal(18, "nonsense", handler),
        "register_signal(19, 64 characters)": lambda: uwsgi.register_signal(19, "x" * 64, handler),
        "register_signal(19, '', 5)": lambda: uwsgi.register_signal(19, "", 5),
        "register_signal(19)": lambda: uwsgi.register_signal(19),
        "signal(17)": lambda: uwsgi.signal(17),
        "signal(99), not registered": lambda: uwsgi.signal(99),
        "signal('x')": lambda: uwsgi.signal("x"),
        "signal()": lambda: uwsgi.signal(),
        "signal(17, closed port)": lambda: uwsgi.signal(17, "127.0.0.1:1"),
        "add_timer(18, 1000)": lambda: uwsgi.add_timer(18, 1000),
        "add_timer('x', 1)": lambda: uwsgi.add_timer("x", 1),
        "add_rb_timer(18, 1000)": lambda: uwsgi.add_rb_timer(18, 1000),
        "add_rb_timer(18, 1000, 3)": lambda: uwsgi.add_rb_timer(18, 1000, 3),
        "add_cron(18, 0, 0, 1, 1, -1)": lambda: uwsgi.add_cron(18, 0, 0, 1, 1, -1),
        "add_cron(18)": lambda: uwsgi.add_cron(18),
        "add_file_monitor(18, '/tmp')": lambda: uwsgi.add_file_monitor(18, QUIET),
        "add_file_monitor(18, 255 characters)": lambda: uwsgi.add_file_monitor(18, "/" + "x" * 255),
        "add_ms_timer(18, 1000000)": lambda: uwsgi.add_ms_timer(18, 1000000),
    },
)

# -- the asynchronous API ------------------------------------------------------------------------------

each(
    "",
    {
        "async_sleep(0)": lambda: uwsgi.async_sleep(0),
        "green_schedule()": lambda: uwsgi.green_schedule(),
        "suspend()": lambda: uwsgi.suspend(),
        "wait_fd_read(0)": lambda: uwsgi.wait_fd_read(0),
        "wait_fd_write(0)": lambda: uwsgi.wait_fd_write(0),
        "ready_fd()": lambda: uwsgi.ready_fd(),
    },
)

# -- locks ----------------------------------------------------------------------------------------------

each(
    "",
    {
        "is_locked()": lambda: uwsgi.is_locked(),
        "lock()": lambda: uwsgi.lock(),
        "is_locked() after lock()": lambda: uwsgi.is_locked(),
        "unlock()": lambda: uwsgi.unlock(),
        "is_locked() after unlock()": lambda: uwsgi.is_locked(),
        "lock(1)": lambda: uwsgi.lock(1),
        "unlock(1)": lambda: uwsgi.unlock(1),
        "lock(9)": lambda: uwsgi.lock(9),
        "lock(-1)": lambda: uwsgi.lock(-1),
        "lock('x')": lambda: uwsgi.lock("x"),
        "is_locked(9)": lambda: uwsgi.is_locked(9),
    },
)

# -- caches ---------------------------------------------------------------------------------------------

each(
    "",
    {
        "cache_get missing": lambda: uwsgi.cache_get("a"),
        "cache_exists missing": lambda: uwsgi.cache_exists("a"),
        "cache_set('a', 'x')": lambda: uwsgi.cache_set("a", "x"),
        "cache_set again": lambda: uwsgi.cache_set("a", "y"),
        "cache_get('a')": lambda: uwsgi.cache_get("a"),
        "cache_get(b'a')": lambda: uwsgi.cache_get(b"a"),
        "cache_exists('a')": lambda: uwsgi.cache_exists("a"),
        "cache_update('a', b'z')": lambda: uwsgi.cache_update("a", b"z"),
        "cache_get after update": lambda: uwsgi.cache_get("a"),
        "cache_update missing key": lambda: uwsgi.cache_update("b", "new"),
        "cache_set with expires": lambda: uwsgi.cache_set("c", "x", 1000),
        "cache_keys()": lambda: sorted(uwsgi.cache_keys()),
        "cache_del('a')": lambda: uwsgi.cache_del("a"),
        "cache_del again": lambda: uwsgi.cache_del("a"),
        "cache_set too large": lambda: uwsgi.cache_set("l", "x" * 5000),
        "cache_set empty value": lambda: uwsgi.cache_set("e", ""),
        "cache_get empty value": lambda: uwsgi.cache_get("e"),
        "cache_set(1, 'x')": lambda: uwsgi.cache_set(1, "x"),
        "cache_set('k', 1)": lambda: uwsgi.cache_set("k", 1),
        "cache_set other cache": lambda: uwsgi.cache_set("o", "x", 0, "other"),
        "cache_get other cache": lambda: uwsgi.cache_get("o", "other"),
        "cache_get not in first cache": lambda: uwsgi.cache_get("o"),
        "cache_set unknown cache": lambda: uwsgi.cache_set("o", "x", 0, "unknown"),
        "cache_get unknown cache": lambda: uwsgi.cache_get("o", "unknown"),
        "cache_keys unknown cache": lambda: uwsgi.cache_keys("unknown"),
        "cache_num missing": lambda: uwsgi.cache_num("n"),
        "cache_inc('n')": lambda: uwsgi.cache_inc("n"),
        "cache_inc('n', 4)": lambda: uwsgi.cache_inc("n", 4),
        "cache_num('n')": lambda: uwsgi.cache_num("n"),
        "cache_dec('n', 2)": lambda: uwsgi.cache_dec("n", 2),
        "cache_num after dec": lambda: uwsgi.cache_num("n"),
        "cache_mul('n')": lambda: uwsgi.cache_mul("n"),
        "cache_num after mul": lambda: uwsgi.cache_num("n"),
        "cache_div('n', 3)": lambda: uwsgi.cache_div("n", 3),
        "cache_num after div": lambda: uwsgi.cache_num("n"),
        "cache_div('n', 0)": lambda: uwsgi.cache_div("n", 0),
        "cache_num after div by 0": lambda: uwsgi.cache_num("n"),
        "cache_dec below 0": lambda: [uwsgi.cache_dec("m", 3), uwsgi.cache_num("m")],
        "cache_div below 0": lambda: [uwsgi.cache_div("m", 2), uwsgi.cache_num("m")],
        "cache_div by -1": lambda: [uwsgi.cache_div("m", -1), uwsgi.cache_num("m")],
        "cache_set empty key": lambda: uwsgi.cache_set("", "x"),
        "cache_update empty key": lambda: uwsgi.cache_update("", "x"),
        "cache_inc empty key": lambda: uwsgi.cache_inc(""),
        "cache_set key too long": lambda: uwsgi.cache_set("k" * 2049, "x"),
        "cache_inc key too long": lambda: uwsgi.cache_inc("k" * 2049),
        "cache_get of a number": lambda: uwsgi.cache_get("n"),
        "cache_num of a text": lambda: uwsgi.cache_num("b"),
        "cache_clear()": lambda: uwsgi.cache_clear(),
        "cache_keys() after clear": lambda: uwsgi.cache_keys(),
    },
)

# -- queue ------------------------------------------------------------------------------------------------

each(
    "",
    {
        "queue_pull() of empty": lambda: uwsgi.queue_pull(),
        "queue_push('a')": lambda: uwsgi.queue_push("a"),
        "queue_push(b'b')": lambda: uwsgi.queue_push(b"b"),
        "queue_slot()": lambda: uwsgi.queue_slot(),
        "queue_pull_slot()": lambda: uwsgi.queue_pull_slot(),
        "queue_get(0)": lambda: uwsgi.queue_get(0),
        "queue_get(3), empty": lambda: uwsgi.queue_get(3),
        "queue_get(99)": lambda: uwsgi.queue_get(99),
        "queue_last()": lambda: uwsgi.queue_last(),
        "queue_last(2)": lambda: uwsgi.queue_last(2),
        "queue_set(3, 'c')": lambda: uwsgi.queue_set(3, "c"),
        "queue_get(3)": lambda: uwsgi.queue_get(3),
        "queue_set(99, 'c')": lambda: uwsgi.queue_set(99, "c"),
        "queue_pull()": lambda: uwsgi.queue_pull(),
        "queue_pop()": lambda: uwsgi.queue_pop(),
        "queue_push too long": lambda: uwsgi.queue_push(b"x" * 9000),
        "queue_push(1)": lambda: uwsgi.queue_push(1),
    },
)

# -- shared areas -----------------------------------------------------------------------------------------

each(
    "",
    {
        "sharedarea_write(0, 0, 'abc')": lambda: uwsgi.sharedarea_write(0, 0, "abc"),
        "sharedarea_read(0, 0, 3)": lambda: uwsgi.sharedarea_read(0, 0, 3),
        "length of sharedarea_read(0, 0)": lambda: len(uwsgi.sharedarea_read(0, 0)),
        "sharedarea_read outside": lambda: uwsgi.sharedarea_read(0, 4000, 1000),
        "sharedarea_read(9, 0, 1)": lambda: uwsgi.sharedarea_read(9, 0, 1),
        "sharedarea_write outside": lambda: uwsgi.sharedarea_write(0, 4095, "ab"),
        "sharedarea_write8(0, 8, 200)": lambda: uwsgi.sharedarea_write8(0, 8, 200),
        "sharedarea_read8(0, 8)": lambda: uwsgi.sharedarea_read8(0, 8),
        "sharedarea_write16(0, 8, 1000)": lambda: uwsgi.sharedarea_write16(0, 8, 1000),
        "sharedarea_read16(0, 8)": lambda: uwsgi.sharedarea_read16(0, 8),
        "sharedarea_write32(0, 8, 70000)": lambda: uwsgi.sharedarea_write32(0, 8, 70000),
        "sharedarea_read32(0, 8)": lambda: uwsgi.sharedarea_read32(0, 8),
        "sharedarea_write64(0, 8, 1 << 40)": lambda: uwsgi.sharedarea_write64(0, 8, 1 << 40),
        "sharedarea_read64(0, 8)": lambda: uwsgi.sharedarea_read64(0, 8),
        "sharedarea_inc64(0, 8)": lambda: uwsgi.sharedarea_inc64(0, 8),
        "sharedarea_inc64(0, 8, 5)": lambda: uwsgi.sharedarea_inc64(0, 8, 5),
        "sharedarea_dec64(0, 8)": lambda: uwsgi.sharedarea_dec64(0, 8),
        "sharedarea_read64 after these": lambda: uwsgi.sharedarea_read64(0, 8),
        "sharedarea_inc32(0, 16)": lambda: uwsgi.sharedarea_inc32(0, 16),
        "sharedarea_dec32(0, 16)": lambda: uwsgi.sharedarea_dec32(0, 16),
        "sharedarea_write64 outside": lambda: uwsgi.sharedarea_write64(0, 4095, 1),
        "sharedarea_read64 outside": lambda: uwsgi.sharedarea_read64(0, 4095),
        "sharedarea_wlock(0)": lambda: uwsgi.sharedarea_wlock(0),
        "sharedarea_unlock(0)": lambda: uwsgi.sharedarea_unlock(0),
        "sharedarea_rlock(0)": lambda: uwsgi.sharedarea_rlock(0),
        "sharedarea_unlock(0) again": lambda: uwsgi.sharedarea_unlock(0),
        "sharedarea_memoryview(0)": lambda: [
            type_of(uwsgi.sharedarea_memoryview(0)),
            bytes(uwsgi.sharedarea_memoryview(0)[:3]),
        ],
        "type of sharedarea_object(0)": lambda: type_of(uwsgi.sharedarea_object(0)),
    },
)

# -- metrics ----------------------------------------------------------------------------------------------

each(
    "",
    {
        "metric_get('probe')": lambda: uwsgi.metric_get("probe"),
        "metric_set('probe', 5)": lambda: uwsgi.metric_set("probe", 5),
        "metric_inc('probe')": lambda: uwsgi.metric_inc("probe"),
        "metric_inc('probe', 4)": lambda: uwsgi.metric_inc("probe", 4),
        "metric_dec('probe', 2)": lambda: uwsgi.metric_dec("probe", 2),
        "metric_mul('probe', 3)": lambda: uwsgi.metric_mul("probe", 3),
        "metric_div('probe', 4)": lambda: uwsgi.metric_div("probe", 4),
        "metric_get after these": lambda: uwsgi.metric_get("probe"),
        "metric_set_max('probe', 50)": lambda: [uwsgi.metric_set_max("probe", 50), uwsgi.metric_get("probe")],
        "metric_set_min('probe', 2)": lambda: [uwsgi.metric_set_min("probe", 2), uwsgi.metric_get("probe")],
        "metric_get unknown": lambda: uwsgi.metric_get("unknown"),
        "metric_inc unknown": lambda: uwsgi.metric_inc("unknown"),
    },
)

# -- rpc --------------------------------------------------------------------------------------------------

each(
    "",
    {
        "rpc_list()": lambda: sorted(uwsgi.rpc_list()),
        "type of rpc_list()": lambda: type_of(uwsgi.rpc_list()),
        "call(b'hello', b'you')": lambda: uwsgi.call(b"hello", b"you"),
        "call('hello', b'you')": lambda: uwsgi.call("hello", b"you"),
        "call(b'hello', 'you')": lambda: uwsgi.call(b"hello", "you"),
        "call(b'text')": lambda: uwsgi.call(b"text"),
        "call(b'nothing')": lambda: uwsgi.call(b"nothing"),
        "call(b'number')": lambda: uwsgi.call(b"number"),
        "call(b'broken')": lambda: uwsgi.call(b"broken"),
        "call(b'unknown')": lambda: uwsgi.call(b"unknown"),
        "call()": lambda: uwsgi.call(),
        "rpc(None, b'hello', b'you')": lambda: uwsgi.rpc(None, b"hello", b"you"),
        "rpc(b'', b'hello', b'you')": lambda: uwsgi.rpc(b"", b"hello", b"you"),
        "rpc(None, b'unknown')": lambda: uwsgi.rpc(None, b"unknown"),
        "rpc(None, b'nothing')": lambda: uwsgi.rpc(None, b"nothing"),
        "rpc('closed port', b'hello')": lambda: uwsgi.rpc("127.0.0.1:1", b"hello"),
        "rpc(None, 'hello')": lambda: uwsgi.rpc(None, "hello"),
        "rpc()": lambda: uwsgi.rpc(),
        "register_rpc('again', f)": lambda: uwsgi.register_rpc("again", lambda: b"again"),
        "register_rpc('bad', 5)": lambda: uwsgi.register_rpc("bad", 5),
        "register_rpc('alone')": lambda: uwsgi.register_rpc("alone"),
    },
)

# -- mules and spooler ------------------------------------------------------------------------------------

each(
    "",
    {
        "mule_msg('x')": lambda: uwsgi.mule_msg("x"),
        "mule_msg(b'x', 1)": lambda: uwsgi.mule_msg(b"x", 1),
        "mule_msg(b'x', b'unknown')": lambda: uwsgi.mule_msg(b"x", b"unknown"),
        "mule_msg(b'x', b'probes')": lambda: uwsgi.mule_msg(b"x", b"probes"),
        "mule_msg(b'x', 'probes')": lambda: uwsgi.mule_msg(b"x", "probes"),
        "mule_msg()": lambda: uwsgi.mule_msg(),
        "mule_get_msg() in a worker": lambda: uwsgi.mule_get_msg(),
        "farm_msg(b'probes', b'x')": lambda: uwsgi.farm_msg(b"probes", b"x"),
        "farm_get_msg() in a worker": lambda: uwsgi.farm_get_msg(),
        "in_farm()": lambda: uwsgi.in_farm(),
        "in_farm('probes')": lambda: uwsgi.in_farm("probes"),
        "i_am_the_spooler()": lambda: uwsgi.i_am_the_spooler(),
        "spool({b'a': b'b'})": lambda: [
            type_of(spooled({b"a": b"b"})),
            os.path.dirname(spooled({b"a": b"b"})).decode() == SPOOL,
        ],
        "spool(a=b'b')": lambda: type_of(uwsgi.spool(a=b"b", at=b"4000000000")),
        "spool(a='text')": lambda: uwsgi.spool(a="text"),
        "spool({'a': b'b'})": lambda: type_of(uwsgi.spool({"a": b"b", "at": b"4000000000"})),
        "spool({b'a': 5})": lambda: uwsgi.spool({b"a": 5}),
        "spool()": lambda: uwsgi.spool(),
        "spool(5)": lambda: uwsgi.spool(5),
        "send_to_spooler({b'a': b'b'})": lambda: type_of(
            uwsgi.send_to_spooler({b"a": b"b", b"at": b"4000000000"})
        ),
        "name of a task": lambda: os.path.basename(spooled({b"a": b"b"})).decode().split("_")[:3],
        "spooler_get_task": lambda: task_of({b"a": b"b", b"c": b"d"}),
        "spooler_get_task with a body": lambda: task_of({b"a": b"b", b"body": b"body"}),
        "spooler_get_task('/no/such')": lambda: uwsgi.spooler_get_task("/no/such"),
        "type of spooler_jobs()": lambda: [type_of(uwsgi.spooler_jobs()), type_of(uwsgi.spooler_jobs()[0])],
        "type of spooler_pid()": lambda: type_of(uwsgi.spooler_pid()),
        "spooler_pids()": lambda: [type_of(uwsgi.spooler_pids()), len(uwsgi.spooler_pids())],
        "set_spooler_frequency(10)": lambda: uwsgi.set_spooler_frequency(10),
    },
)


def task_of(task):
    path = spooled(task)
    found = uwsgi.spooler_get_task(path.decode())
    return {**found, "spooler_task_name": found["spooler_task_name"] == path}


def spooled(task):
    """A task for later than anybody waits."""
    return uwsgi.spool({**task, b"at": b"4000000000"})


# -- what is not there ------------------------------------------------------------------------------------

each(
    "",
    {
        "alarm('x', 'y')": lambda: uwsgi.alarm("x", "y"),
        "embedded_data('x')": lambda: uwsgi.embedded_data("x"),
        "extract('/etc/hostname')": lambda: type_of(uwsgi.extract("/etc/hostname")),
        "parsefile('/no/such')": lambda: uwsgi.parsefile("/no/such"),
        "offload('/etc/hostname')": lambda: uwsgi.offload("/etc/hostname"),
    },
)

# -- decorators -------------------------------------------------------------------------------------------

each(
    "decorators: ",
    {
        "get_free_signal()": lambda: uwsgidecorators.get_free_signal(),
        "signal": lambda: uwsgidecorators.signal(40)(handler) is handler,
        "timer": lambda: uwsgidecorators.timer(1000)(handler) is handler,
        "rbtimer": lambda: uwsgidecorators.rbtimer(1000)(handler) is handler,
        "cron": lambda: uwsgidecorators.cron(0, 0, 1, 1, -1)(handler) is handler,
        "filemon": lambda: uwsgidecorators.filemon(QUIET)(handler) is handler,
        "get_free_signal() after these": lambda: uwsgidecorators.get_free_signal(),
        "rpc": lambda: uwsgidecorators.rpc("decorated")(handler) is handler,
        "thread": lambda: uwsgidecorators.thread(handled.append)(5).__name__,
        "lock": lambda: uwsgidecorators.lock(lambda: 5)(),
        "harakiri": lambda: uwsgidecorators.harakiri(30)(lambda: 5)(),
        "mule": lambda: uwsgidecorators.mule(1)(handler),
        "mulemsg": lambda: uwsgidecorators.mulemsg(1)(handler),
        "farm": lambda: uwsgidecorators.farm("probes")(handler),
        "mulefunc": lambda: type_of(uwsgidecorators.mulefunc(handler)),
        "postfork": lambda: type_of(uwsgidecorators.postfork(handler)),
        "spool": lambda: type_of(uwsgidecorators.spool(named)(a="b", at="4000000000")),
        "spoolraw": lambda: type_of(uwsgidecorators.spoolraw(named)({"a": "b", "at": "4000000000"})),
        "spoolforever": lambda: type_of(uwsgidecorators.spoolforever(named).spool(a="b", at="4000000000")),
        "spool with arguments": lambda: sorted(
            map(
                str,
                uwsgi.spooler_get_task(
                    uwsgidecorators.spool(pass_arguments=True)(named)(1, b=2, at=b"4000000000").decode()
                ),
            )
        ),
        "mule_msg_dispatcher": lambda: uwsgidecorators.mule_msg_dispatcher(
            pickle.dumps({"service": "uwsgi_mulefunc", "func": "handler", "args": (3,), "kwargs": {}})
        ),
        "import * gives uwsgi too": lambda: star()["uwsgi"] is uwsgi,
        "names": lambda: sorted(
            name
            for name, value in vars(uwsgidecorators).items()
            if callable(value)
            and not name.startswith("_")
            and getattr(value, "__module__", "") == "uwsgidecorators"
        ),
    },
)


def star():
    names = {}
    exec("from uwsgidecorators import *", names)
    return names


def named(arguments):
    return uwsgi.SPOOL_OK


# -- last, because uWSGI takes them for something else ----------------------------------------------------

each(
    "",
    {
        "register_signal(256, ...)": lambda: uwsgi.register_signal(256, "", handler),
        "signal(256)": lambda: uwsgi.signal(256),
        "queue_pop() of empty": lambda: [uwsgi.queue_pop(), uwsgi.queue_slot()],
    },
)


# -- a later request ----------------------------------------------------------------------------------------

each(
    "later: ",
    {
        "handled": lambda: sorted(set(handled) - {0}),
        "hooks": lambda: sorted(set(hooks)),
        "signal_received()": lambda: uwsgi.signal_received(),
        "get_logvar of another request": lambda: uwsgi.get_logvar("k"),
        "remote signal": lambda: uwsgi.signal(17, f"127.0.0.1:{PORT}"),
        "remote signal, not registered": lambda: uwsgi.signal(98, f"127.0.0.1:{PORT}"),
        "remote rpc": lambda: uwsgi.rpc(f"127.0.0.1:{PORT}", b"hello", b"you"),
        "remote rpc, unknown": lambda: uwsgi.rpc(f"127.0.0.1:{PORT}", b"unknown"),
    },
    later,
)


def shown(value):
    if isinstance(value, dict):
        return {repr(key): shown(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [type_of(value), *map(shown, value)] if isinstance(value, tuple) else list(map(shown, value))
    return repr(value)


def outcome(call):
    try:
        return json.dumps(shown(call()))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def application(environ, start_response):
    if environ["PATH_INFO"] == "/handled":
        body = json.dumps(handled)
    else:
        table = later if environ["PATH_INFO"] == "/after" else probes
        body = json.dumps({name: outcome(call) for name, call in table.items()})
    start_response("200 OK", [("Content-Type", "application/json"), ("X-Type", type_of(start_response))])
    return [body.encode()]
