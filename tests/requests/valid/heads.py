"""Heads: targets, versions, fields, connection options."""

HOST = b"Host: example.org\r\n"

CASES = {
    "smallest": (
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        [
            {
                "method": "GET",
                "target": b"/",
                "path": b"/",
                "query": b"",
                "headers": [(b"host", b"a")],
                "http_version": "1.1",
                "content_length": None,
                "chunked": False,
                "keep_alive": True,
                "expect_continue": False,
                "upgrade": None,
                "has_body": False,
            }
        ],
    ),
    "wrk": (
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nAccept: */*\r\n\r\n",
        [{"headers": [(b"host", b"127.0.0.1:8000"), (b"accept", b"*/*")]}],
    ),
    "query": (
        b"GET /a%20b/?x=1&y=%3F?z HTTP/1.1\r\n" + HOST + b"\r\n",
        [{"target": b"/a%20b/?x=1&y=%3F?z", "path": b"/a%20b/", "query": b"x=1&y=%3F?z"}],
    ),
    "empty_query": (b"GET /? HTTP/1.1\r\n" + HOST + b"\r\n", [{"target": b"/?", "path": b"/", "query": b""}]),
    "double_slash_stays": (b"GET //evil/x HTTP/1.1\r\n" + HOST + b"\r\n", [{"path": b"//evil/x"}]),
    "raw_visible_bytes_in_target": (
        b'GET /|{}"<>^`[]\\ HTTP/1.1\r\n' + HOST + b"\r\n",
        [{"path": b'/|{}"<>^`[]\\'}],
    ),
    "options_asterisk": (
        b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
        [{"method": "OPTIONS", "target": b"*", "path": b"*"}],
    ),
    "absolute_form_replaces_host": (
        b"GET http://real.example:8080/p?q HTTP/1.1\r\nHost: other\r\nA: b\r\n\r\n",
        [
            {
                "target": b"http://real.example:8080/p?q",
                "path": b"/p",
                "query": b"q",
                "headers": [(b"host", b"real.example:8080"), (b"a", b"b")],
            }
        ],
    ),
    "absolute_form_without_path": (
        b"GET HTTP://a HTTP/1.1\r\nHost: a\r\n\r\n",
        [{"path": b"/", "query": b""}],
    ),
    "absolute_form_query_without_path": (
        b"GET https://[::1]:80?x=/ HTTP/1.1\r\nHost: a\r\n\r\n",
        [{"path": b"/", "query": b"x=/", "headers": [(b"host", b"[::1]:80")]}],
    ),
    "absolute_form_options_means_asterisk": (
        b"OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n",
        [{"path": b"*"}],
    ),
    "absolute_form_http10_without_host": (
        b"GET http://a/ HTTP/1.0\r\nX: y\r\n\r\n",
        [{"headers": [(b"host", b"a"), (b"x", b"y")]}],
    ),
    "http10": (b"GET / HTTP/1.0\r\n\r\n", [{"http_version": "1.0", "headers": [], "keep_alive": False}]),
    "http10_keep_alive": (b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", [{"keep_alive": True}]),
    "http10_keep_alive_and_close": (
        b"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
        [{"keep_alive": False}],
    ),
    "close": (b"GET / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n", [{"keep_alive": False}]),
    "close_in_a_list_any_case": (
        b"GET / HTTP/1.1\r\n" + HOST + b"Connection: foo ,\tCLOSE\r\n\r\n",
        [{"keep_alive": False}],
    ),
    "close_in_second_connection_field": (
        b"GET / HTTP/1.1\r\n" + HOST + b"Connection: keep-alive\r\nConnection: close\r\n\r\n",
        [{"keep_alive": False}],
    ),
    "names_lowered_values_stripped_order_kept": (
        b"GET / HTTP/1.1\r\nB: 2\r\nHOST:example.org\r\nA: \t 1 \t \r\nb: 3\r\nEmpty:\r\nBlank:  \r\n\r\n",
        [
            {
                "headers": [
                    (b"b", b"2"),
                    (b"host", b"example.org"),
                    (b"a", b"1"),
                    (b"b", b"3"),
                    (b"empty", b""),
                    (b"blank", b""),
                ]
            }
        ],
    ),
    "obs_text_in_value": (
        b"GET / HTTP/1.1\r\n" + HOST + b"N: caf\xc3\xa9\xff\r\n\r\n",
        [{"headers": [(b"host", b"example.org"), (b"n", b"caf\xc3\xa9\xff")]}],
    ),
    "tab_inside_value": (
        b"GET / HTTP/1.1\r\n" + HOST + b"N: a\tb\r\n\r\n",
        [{"headers": [(b"host", b"example.org"), (b"n", b"a\tb")]}],
    ),
    "underscore_names_are_dropped": (
        b"GET / HTTP/1.1\r\n" + HOST + b"X_Forwarded_For: 6.6.6.6\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n",
        [{"headers": [(b"host", b"example.org"), (b"x-forwarded-for", b"1.2.3.4")]}],
    ),
    "underscore_content_length_is_dropped": (
        b"GET / HTTP/1.1\r\n" + HOST + b"Content_Length: 5\r\n\r\n",
        [{"content_length": None, "headers": [(b"host", b"example.org")]}],
    ),
    "one_empty_line_before": (b"\r\nGET / HTTP/1.1\r\n" + HOST + b"\r\n", [{"path": b"/"}]),
    "host_with_underscore_and_port": (b"GET / HTTP/1.1\r\nHost: my_app:80\r\n\r\n", [{"path": b"/"}]),
    "websocket": (
        b"GET /ws HTTP/1.1\r\n" + HOST + b"Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        [{"upgrade": b"websocket", "keep_alive": True, "has_body": False}],
    ),
    "upgrade_list_with_websocket": (
        b"GET / HTTP/1.1\r\n" + HOST + b"Connection: upgrade\r\nUpgrade: h2c, websocket\r\n\r\n",
        [{"upgrade": b"websocket"}],
    ),
    "upgrade_not_named_by_connection": (
        b"GET / HTTP/1.1\r\n" + HOST + b"Upgrade: websocket\r\n\r\n",
        [{"upgrade": None}],
    ),
    "upgrade_on_http10_is_ignored": (
        b"GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        [{"upgrade": None}],
    ),
    "h2c_without_body": (
        b"GET / HTTP/1.1\r\n"
        + HOST
        + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n\r\n",
        [{"upgrade": b"h2c"}],
    ),
    "every_token_character_in_a_name": (
        b"GET / HTTP/1.1\r\n" + HOST + b"!#$%&'*+-.^`|~09AZaz: v\r\n\r\n",
        [{"headers": [(b"host", b"example.org"), (b"!#$%&'*+-.^`|~09azaz", b"v")]}],
    ),
    "value_with_every_visible_byte": (
        b"GET / HTTP/1.1\r\n" + HOST + b"V: " + bytes(range(0x21, 0x7F)) + b"\r\n\r\n",
        [{"headers": [(b"host", b"example.org"), (b"v", bytes(range(0x21, 0x7F)))]}],
    ),
    "keep_alive_said_to_http11": (
        b"GET / HTTP/1.1\r\n" + HOST + b"Connection: keep-alive\r\n\r\n",
        [{"keep_alive": True}],
    ),
    "empty_elements_in_connection": (
        b"GET / HTTP/1.1\r\n" + HOST + b"Connection: , close,,\r\n\r\n",
        [{"keep_alive": False}],
    ),
    "connection_naming_a_part_of_close": (
        b"GET / HTTP/1.1\r\n" + HOST + b"Connection: closed, x-close\r\n\r\n",
        [{"keep_alive": True}],
    ),
    "http10_with_host": (
        b"GET / HTTP/1.0\r\nHost: a\r\n\r\n",
        [{"http_version": "1.0", "headers": [(b"host", b"a")], "keep_alive": False}],
    ),
    "host_ipv6_and_port": (b"GET / HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n\r\n", [{"path": b"/"}]),
    "host_with_empty_port": (b"GET / HTTP/1.1\r\nHost: a:\r\n\r\n", [{"path": b"/"}]),
    "host_with_final_dot": (b"GET / HTTP/1.1\r\nHost: a.example.:80\r\n\r\n", [{"path": b"/"}]),
    "host_as_last_field": (b"GET / HTTP/1.1\r\nA: b\r\nHOST: a\r\n\r\n", [{"path": b"/"}]),
    "upgrade_empty": (
        b"GET / HTTP/1.1\r\n" + HOST + b"Connection: upgrade\r\nUpgrade:\r\n\r\n",
        [{"upgrade": None}],
    ),
    "upgrade_and_close": (
        b"GET / HTTP/1.1\r\n" + HOST + b"Connection: upgrade, close\r\nUpgrade: websocket\r\n\r\n",
        [{"upgrade": b"websocket", "keep_alive": False}],
    ),
    "percent_encoded_nul_stays_encoded": (
        b"GET /a%00b HTTP/1.1\r\n" + HOST + b"\r\n",
        [{"path": b"/a%00b"}],
    ),
    "dot_segments_stay": (b"GET /a/../b/./c HTTP/1.1\r\n" + HOST + b"\r\n", [{"path": b"/a/../b/./c"}]),
    "longest_request_line": (
        b"GET /" + b"a" * 8176 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
        [{"path": b"/" + b"a" * 8176}],
    ),
    "te_field_is_no_coding": (b"GET / HTTP/1.1\r\n" + HOST + b"TE: trailers\r\n\r\n", [{"chunked": False}]),
}
