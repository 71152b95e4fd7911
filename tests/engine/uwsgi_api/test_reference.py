"""The reference page is what the code says, and names every function of the specification."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.uwsgi_api.api import GROUPS
from engine.uwsgi_api.helper_calls import SpoolerCalls
from engine.uwsgi_api.instance import Facts, Instance
from engine.uwsgi_api.module import build
from engine.uwsgi_api.reference import page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "uwsgi-api.md"


def words(text: str) -> list[str]:
    return text.split()


# uWSGI 2.0.31, Python plugin, priorities P0 and P1.
FUNCTIONS = words(
    """
reload stop worker_id masterpid mule_id request_id total_requests log log_this_request set_logvar
get_logvar workers mem listen_queue accepting ready set_user_harakiri connection_fd disconnect
is_connected cl add_var sendfile register_signal signal signal_wait signal_registered
signal_received add_timer add_rb_timer add_ms_timer add_cron add_file_monitor chunked_read
chunked_read_nb lock unlock is_locked register_rpc rpc call rpc_list cache_get cache_set
cache_update cache_del cache_exists cache_clear cache_inc cache_dec cache_mul cache_div cache_num
cache_keys mule_msg mule_get_msg farm_msg farm_get_msg in_farm spool send_to_spooler
set_spooler_frequency spooler_jobs spooler_pid spooler_pids spooler_get_task i_am_the_spooler
queue_push queue_pull queue_pop queue_last queue_get queue_set queue_slot queue_pull_slot
sharedarea_read sharedarea_write sharedarea_read8 sharedarea_read16 sharedarea_read32
sharedarea_read64 sharedarea_readbyte sharedarea_readlong sharedarea_write8 sharedarea_write16
sharedarea_write32 sharedarea_write64 sharedarea_writebyte sharedarea_writelong sharedarea_inc32
sharedarea_inc64 sharedarea_inclong sharedarea_dec32 sharedarea_dec64 sharedarea_rlock
sharedarea_wlock sharedarea_unlock sharedarea_memoryview sharedarea_object metric_inc metric_dec
metric_mul metric_div metric_set metric_set_max metric_set_min metric_get async_sleep green_schedule
suspend wait_fd_read wait_fd_write ready_fd async_connect connect send recv close request_context
websocket_handshake websocket_recv websocket_recv_nb websocket_send websocket_send_binary
websocket_send_from_sharedarea websocket_send_binary_from_sharedarea
"""
)
ATTRIBUTES = words(
    """
version version_info opt numproc cores loop has_threads hostname applications SPOOL_OK SPOOL_RETRY
SPOOL_IGNORE sockets buffer_size started_on is_a_reload magic_table unbit
"""
)


@pytest.fixture(scope="module")
def module():
    instance = Instance(Facts(1, 10, False), print)
    return build(instance, [group(instance) for group in (*GROUPS, SpoolerCalls)])


def test_the_page_in_docs_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "python -m engine.uwsgi_api.reference > docs/reference/uwsgi-api.md"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_there_and_on_the_page(module, name) -> None:
    assert callable(getattr(module, name))
    assert re.search(rf"^\| `{name}[(`]", page(), re.M)


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_every_attribute_is_there_and_on_the_page(module, name) -> None:
    assert hasattr(module, name)
    assert f"| `{name}` |" in page()


def test_what_is_not_offered_says_what_to_use(module) -> None:
    with pytest.raises(NotImplementedError, match=r"routes of the application"):
        module.route("x", "y")
    with pytest.raises(RuntimeError, match=r"gevent\.sleep"):
        module.async_sleep(1)
