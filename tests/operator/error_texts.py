"""Errors as programs in six languages write them. The texts of one entry are one fault; two entries are two faults.

Sorted by hand: what stands in an entry is what one repair would end.
"""

# ruff: noqa: E501 - the texts stand as the programs write them
from __future__ import annotations

_PY = 'Traceback (most recent call last):\n  File "/srv/{0}/worker.py", line {1}, in run\n    step()\n'
_CHAIN = "\nThe above exception was the direct cause of the following exception:\n\n"

PYTHON = {
    "a charge times out": [
        "ConnectionError: HTTPSConnectionPool(host='api.paygate.example', port=443): Max retries exceeded with url: "
        "/v2/charges/ch_7QmT2rWd/capture (Caused by ConnectTimeoutError: timed out after 10.0 s)",
        "ConnectionError: HTTPSConnectionPool(host='eu.paygate.example', port=8443): Max retries exceeded with url: "
        "/v2/charges/ch_QmTrWdab/capture (Caused by ConnectTimeoutError: timed out after 9.8 s)",
        _PY.format("hooks", 61) + "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='a.b.example', port=443): Max "
        "retries exceeded with url: /v2/refunds/9 (Caused by ConnectTimeoutError: timed out after 31 s)",
    ],
    "the same call is refused": [
        "ConnectionError: HTTPSConnectionPool(host='api.paygate.example', port=443): Max retries exceeded with url: "
        "/v2/charges (Caused by NewConnectionError: [Errno 111] Connection refused)",
    ],
    "no such account": [
        "ValueError: no such account acct_1Nf83K",
        "ValueError: no such account acct_9Qm2TT\nTraceback (most recent call last):\n  File \"x.py\", line 3, in f",
        "ValueError: no such account 8837",
        "ValueError: no such account acct_inxqingw",
        "ValueError: no such account 3f2a9c1e-77d0-4c1b-9d5e-0a1b2c3d4e5f",
        _PY.format("billing", 7) + "ValueError: no such account 'zoë'",
    ],
    "a missing key, amount": ["KeyError: 'amount'", _PY.format("a", 1) + "KeyError: 'amount'"],
    "a missing key, with an underscore": ["KeyError: 'card_subscription'"],
    "another missing key, with an underscore": ["KeyError: 'card_constraint'"],
    "a missing key like an id": ["KeyError: 'ord_status'"],
    "another missing key like an id": ["KeyError: 'ord_number'"],
    "a missing key, currency": ["KeyError: 'currency'"],
    "a key that is a tuple": ["KeyError: ('a', 12)", "KeyError: ('b', 31)"],
    "a key that is an id": ["KeyError: 'user_8837'", "KeyError: 'user_12'", "KeyError: 31"],
    "None where an object was": [
        "AttributeError: 'NoneType' object has no attribute 'amount'",
        _PY.format("x", 99) + "AttributeError: 'NoneType' object has no attribute 'amount'",
    ],
    "None where another object was": ["AttributeError: 'NoneType' object has no attribute 'email'"],
    "a str where an object was": ["AttributeError: 'str' object has no attribute 'amount'"],
    "500 by httpx": [
        "httpx.HTTPStatusError: Server error '500 Internal Server Error' for url 'https://api.example.com/v1/users/42'",
        "HTTPStatusError: Server error '500 Internal Server Error' for url 'https://api.example.com/v1/orders?id=9'",
    ],
    "503 by httpx": ["httpx.HTTPStatusError: Server error '503 Service Unavailable' for url 'https://api.example.com/v1/users/42'"],
    "no number": [
        "ValueError: invalid literal for int() with base 10: '12a'",
        "ValueError: invalid literal for int() with base 10: \"O'Brien & Søn\"",
        "ValueError: invalid literal for int() with base 10: ''",
    ],
    "the disk is full": [
        "OSError: [Errno 28] No space left on device: '/scratch/3fa0c1d2.tmp'",
        "OSError: [Errno 28] No space left on device: '/var/tmp/upload 2'",
    ],
    "no right to write": ["OSError: [Errno 13] Permission denied: '/scratch/3fa0c1d2.tmp'"],
    "Redis is down, for Python": [
        "redis.exceptions.ConnectionError: Error 111 connecting to redis-main:6379. Connection refused.",
        "ConnectionError: Error 111 connecting to 10.0.3.7:6379. Connection refused.",
    ],
    "the wrong currency": [
        "2 validation errors for WebhookEvent\ndata.object.currency\n  Input should be 'usd', 'eur' or 'gbp' [type=literal_error]",
        "1 validation error for WebhookEvent\ndata.object.currency\n  Input should be 'usd' or 'eur' [type=literal_error]",
    ],
    "an amount is missing": [
        "1 validation error for WebhookEvent\ndata.object.amount\n  Field required [type=missing, input_value={'id': 1}]",
    ],
    "no time left": ["TimeoutError", "asyncio.exceptions.TimeoutError", "TimeoutError:", _PY.format("a", 2) + "TimeoutError"],
    "a charge failed, its host is unknown": [
        _PY.format("p", 1) + "socket.gaierror: [Errno -2] Name or service not known\n" + _CHAIN + _PY.format("p", 2)
        + "billing.PaymentError: charge failed",
        _PY.format("p", 8) + "socket.gaierror: [Errno -2] Name or service not known\n" + _CHAIN + _PY.format("q", 9)
        + "billing.PaymentError: charge failed",
    ],
    "a charge failed, a field is missing": [
        _PY.format("p", 1) + "KeyError: 'amount'\n" + _CHAIN + _PY.format("p", 2) + "billing.PaymentError: charge failed",
    ],
}  # fmt: skip

NODE = {
    "no amount in capture": [
        "TypeError: Cannot read properties of undefined (reading 'amount')\n    at captureCharge (/app/src/charge.js:19:31)\n"
        "    at async handle (/app/src/worker.js:48:5)",
        "TypeError: Cannot read properties of undefined (reading 'amount')\n    at captureCharge (/srv/release-7/charge.js:22:8)",
        "TypeError: Cannot read properties of undefined (reading 'amount')\n    at async captureCharge (file:///app/charge.mjs:2:1)",
    ],
    "no amount in refund": [
        "TypeError: Cannot read properties of undefined (reading 'amount')\n    at refundCharge (/app/src/refund.js:19:31)",
    ],
    "no email in capture": [
        "TypeError: Cannot read properties of undefined (reading 'email')\n    at captureCharge (/app/src/charge.js:19:31)",
    ],
    "PostgreSQL is down, for Node": [
        "Error: connect ECONNREFUSED 127.0.0.1:5432\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1595:16)",
        "Error: connect ECONNREFUSED ::1:5432\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16)",
        "Error: connect ECONNREFUSED 10.2.0.9:5432",
    ],
    "Redis is down, for Node": ["Error: connect ECONNREFUSED 127.0.0.1:6379", "Error: connect ECONNREFUSED 10.9.9.9:6379"],
    "no address": [
        "Error: getaddrinfo ENOTFOUND api.fabrikam.example",
        "Error: getaddrinfo ENOTFOUND mailer\n    at GetAddrInfoReqWrap.onlookup [as oncomplete] (node:dns:107:26)",
    ],
    "404 by axios": ["AxiosError: Request failed with status code 404", "AxiosError: Request failed with status code 404\n"
                     "    at settle (/app/node_modules/axios/lib/core/settle.js:19:12)"],
    "500 by axios": ["AxiosError: Request failed with status code 500"],
    "no JSON": [
        'SyntaxError: Unexpected token \'<\', "<!DOCTYPE "... is not valid JSON\n    at JSON.parse (<anonymous>)',
        'SyntaxError: Unexpected token \'<\', "<html><h1>"... is not valid JSON\n    at JSON.parse (<anonymous>)',
    ],
    "an email twice, in MongoDB": [
        'MongoServerError: E11000 duplicate key error collection: shop.users index: email_1 dup key: { email: "a@b.example" }',
        'MongoServerError: E11000 duplicate key error collection: shop.users index: email_1 dup key: { email: "zoë" }',
    ],
    "a sku twice, in MongoDB": [
        'MongoServerError: E11000 duplicate key error collection: shop.users index: sku_1 dup key: { sku: "A-1" }',
    ],
    "a card was declined": ['StripeError: {"code":"card_declined","message":"Your card 4242 was declined","id":"req_8Zk2"}',
                            'StripeError: {"code":"card_declined","message":"Your card 1881 was declined","id":"req_9a"}'],
    "a card expired": ['StripeError: {"code":"expired_card","message":"Your card 4242 has expired","id":"req_8Zk2"}'],
    "the stream ended": ["Error [ERR_STREAM_PREMATURE_CLOSE]: Premature close\n    at onclose (node:internal/streams:1:1)"],
    "a page did not come": [
        "TimeoutError: Navigation timeout of 30000 ms exceeded\n    at render (/app/dist/pdf.js:44:9)\n"
        "  [cause]: Error: net::ERR_EMPTY_RESPONSE at http://render-7.internal/invoice/8837",
        "TimeoutError: Navigation timeout of 45000 ms exceeded\n    at render (/app/dist/pdf.js:44:9)\n"
        "  [cause]: Error: net::ERR_EMPTY_RESPONSE at http://render-12.internal/invoice/1",
    ],
    "a page was refused": [
        "TimeoutError: Navigation timeout of 30000 ms exceeded\n    at render (/app/dist/pdf.js:44:9)\n"
        "  [cause]: Error: net::ERR_CONNECTION_REFUSED at http://render-7.internal/invoice/8837",
    ],
}  # fmt: skip

GO = {
    "the ledger is slow": [
        'post ledger entry: Post "https://ledger.internal/v1/entries": context deadline exceeded (Client.Timeout exceeded '
        "while awaiting headers)",
        'post ledger entry: Post "http://10.4.0.7:8080/v1/entries?id=77": context deadline exceeded (Client.Timeout exceeded '
        "while awaiting headers)",
    ],
    "the ledger is away": ['post ledger entry: Post "https://ledger.internal/v1/entries": dial tcp 10.4.0.7:443: connect: '
                           "connection refused"],
    "an index beyond, in Dispatch": [
        "panic: runtime error: index out of range [5] with length 3\n\ngoroutine 17 [running]:\n"
        "webhooks.(*Router).Dispatch(0xc0001b4000, 0x2f)\n\t/build/router.go:142 +0x3c5",
        "panic: runtime error: index out of range [12] with length 12\n\ngoroutine 91882 [running]:\n"
        "webhooks.(*Router).Dispatch(0xc000aa4000, 0x11)\n\t/src/router.go:150 +0x1",
    ],
    "nil, in Dispatch": [
        "panic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation violation "
        "code=0x1 addr=0x0 pc=0x47]\n\ngoroutine 1 [running]:\nwebhooks.(*Router).Dispatch(0xc0, 0x2f)\n\t/b/r.go:1",
    ],
    "nil, in Flush": [
        "panic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation violation "
        "code=0x1 addr=0x0 pc=0x47]\n\ngoroutine 1 [running]:\nwebhooks.(*Bulk).Flush(0xc0, 0x2f)\n\t/b/r.go:1",
    ],
    "a document moved on": [
        "bulk index: 409 version_conflict: document products/8837 has a newer version\nexample.com/search/indexer.(*Bulk).Flush\n"
        "\t/build/search/bulk.go:118",
        "bulk index: 409 version_conflict: document products/12 has a newer version",
    ],
    "no such object": [
        "operation error S3: GetObject, https response error StatusCode: 404, RequestID: 7K2TQ3ABCD, HostID: "
        "9Gjjt1m+cjU4OPvX9O9/8RuvnG41MRb/18Oux2o5H5MY7ISNTlXN+Dz9IG62/ILVxhAGI0qyPfg=, api error",
        "operation error S3: GetObject, https response error StatusCode: 404, RequestID: 9XXXX1ZZZZ, HostID: "
        "abcde/RuvnG/MRb/Ouxo5H5MYISNTlXN+DzIG62/ILVxhAGIqyPfgQQQQQQQQQQQQQQQQQQQQQQ=, api error",
    ],
    "no answer of the store": [
        "operation error S3: GetObject, https response error StatusCode: 503, RequestID: 7K2TQ3ABCD, HostID: "
        "9Gjjt1m+cjU4OPvX9O9/8RuvnG41MRb/18Oux2o5H5MY7ISNTlXN+Dz9IG62/ILVxhAGI0qyPfg=, api error",
    ],
    "the name is not known": ["dial tcp: lookup redis-master on 10.0.0.2:53: no such host",
                              "dial tcp: lookup db.svc on 127.0.0.11:53: no such host"],
    "the transport fails": [
        'rpc error: code = Unavailable desc = "transport: Error while dialing: dial tcp 10.0.0.1:50051: connect: connection '
        'refused"',
        'rpc error: code = Unavailable desc = "transport: Error while dialing: dial tcp 10.0.0.9:50051: connect: connection '
        'refused"',
    ],
    "the hand is not shaken": ['rpc error: code = Unavailable desc = "transport: authentication handshake failed"'],
    "the process was ended": ["ffmpeg: exit status 137", "ffmpeg: exit status 137\ngoroutine 4 [running]:\nmain.run(0x1)"],
    "the process failed": ["ffmpeg: exit status 1"],
    "it took too long": ["waited 1m30s for a slot", "waited 45s for a slot", "waited 1.5s for a slot"],
    "an unknown authority": ["x509: certificate signed by unknown authority"],
    "a wrong name": ["x509: certificate is valid for a.example, not b.example",
                     "x509: certificate is valid for shop.example.com, not 10.0.0.7"],
}  # fmt: skip

PHP = {
    "the database refuses": [
        "PHP Fatal error:  Uncaught PDOException: SQLSTATE[HY000] [2002] Connection refused in /var/www/app/Db.php:42\n"
        "Stack trace:\n#0 /var/www/app/Db.php(42): PDO->__construct()",
        "PDOException: SQLSTATE[HY000] [2002] Connection refused in /srv/app/Db.php:57",
    ],
    "an email twice, in MySQL": [
        "QueryException: SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry 'a@b.example' for key "
        "'users.users_email_unique'",
        "QueryException: SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry 'zoë x' for key "
        "'users.users_email_unique'",
    ],
    "a name twice, in MySQL": [
        "QueryException: SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry 'a@b.example' for key "
        "'users.users_name_unique'",
    ],
    "no key amount": ['ErrorException: Undefined array key "amount" in /var/www/app/Charge.php:12',
                      'ErrorException: Undefined array key "amount" in /srv/app/Charge.php:19'],
    "no key total": ['ErrorException: Undefined array key "total" in /var/www/app/Charge.php:12'],
    "one argument too few": [
        "ArgumentCountError: Too few arguments to function App\\Charge::run(), 1 passed in /a/b.php on line 3 and exactly 2 expected",
    ],
    "no memory": ["PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes) in /a.php",
                  "PHP Fatal error:  Allowed memory size of 268435456 bytes exhausted (tried to allocate 64 bytes) in /b.php"],
}  # fmt: skip

JAVA = {
    "no order": [
        'java.lang.NullPointerException: Cannot invoke "com.acme.Order.total()" because "order" is null\n'
        "\tat com.acme.Billing.run(Billing.java:12)",
        'Exception in thread "main" java.lang.NullPointerException: Cannot invoke "com.acme.Order.total()" because "order" is '
        "null\n\tat com.acme.Billing.run(Billing.java:19)",
    ],
    "no customer": [
        'java.lang.NullPointerException: Cannot invoke "com.acme.Customer.email()" because "customer" is null\n'
        "\tat com.acme.Billing.run(Billing.java:12)",
    ],
    "an order failed, no connection left": [
        "java.lang.RuntimeException: Failed to process order 123\n\tat com.acme.A.b(A.java:1)\nCaused by: "
        "java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, request timed out after 30000ms.",
        "java.lang.RuntimeException: Failed to process order 9\n\tat com.acme.A.b(A.java:1)\nCaused by: "
        "java.sql.SQLTransientConnectionException: HikariPool-2 - Connection is not available, request timed out after 30001ms.",
    ],
    "an order failed, it is there twice": [
        "java.lang.RuntimeException: Failed to process order 123\n\tat com.acme.A.b(A.java:1)\nCaused by: org.postgresql.util."
        'PSQLException: ERROR: duplicate key value violates unique constraint "orders_pkey"',
    ],
    "the other timeout": ["java.util.concurrent.TimeoutException"],
    "the timeout of Netty": ["io.netty.handler.timeout.TimeoutException"],
    "beyond the end": ["java.lang.IndexOutOfBoundsException: Index 5 out of bounds for length 3",
                       "java.lang.IndexOutOfBoundsException: Index 17 out of bounds for length 17"],
    "not a date": ["java.time.format.DateTimeParseException: Text '2026-13-01' could not be parsed: Invalid value for "
                   "MonthOfYear (valid values 1 - 12): 13"],
}  # fmt: skip

PLAIN = {
    "a device is away": ["device aa:bb:cc:dd:ee:ff offline", "device 00:11:22:33:44:55 offline", "device A0-1B-22-33-44-55 offline"],
    "no room": ["Quota exceeded for tenant 8841: 10 GB of 10 GB used", "Quota exceeded for tenant 12: 5 GB of 5 GB used"],
    "a second delivery": ["delivery of 01KKAVN0RC1HJNAGZ6MXY793DY refused by 203.0.113.9 at 2026-03-10T03:12:18.391Z",
                          "delivery of 01KKAVN0RC1HJNAGZ6MXY793DZ refused by mx.contoso.example at 2026-03-11 04:00:01"],
    "not allowed": ["user zoë@example.com may not read s3://invoices/2026/03/8837.pdf",
                    "user bob.k+x@fabrikam.co.uk may not read s3://invoices/a.pdf"],
    "a row twice": ['ERROR: duplicate key value violates unique constraint "orders_pkey" DETAIL: Key (id)=(8837) already exists.',
                    'ERROR: duplicate key value violates unique constraint "orders_pkey" DETAIL: Key (id)=(a b) already exists.'],
    "another row twice": ['ERROR: duplicate key value violates unique constraint "users_pkey" DETAIL: Key (id)=(8837) already exists.'],
    "a funny address twice": ['ERROR: duplicate key value violates unique constraint "users_email" DETAIL: Key (email)=(zoë@x.example) already exists.',
                              'ERROR: duplicate key value violates unique constraint "users_email" DETAIL: Key (email)=(weird, really) already exists.'],
    "PostgreSQL is down, for libpq": ['connection to server at "10.0.0.1", port 5432 failed: Connection refused',
                                      'connection to server at "db.internal" (10.0.0.9), port 5432 failed: Connection refused'],
    "too much with a key": ["rate limit exceeded for key ak_live_9f8a7b6c, retry in 12s",
                            "rate limit exceeded for key ak_live_XyZabcQQ, retry in 1m12s"],
    "no such order": ['404 Not Found: "{"error":"no such order","id":8837}"', '404 Not Found: "{"error":"no such order","id":12}"'],
    "no such customer": ['404 Not Found: "{"error":"no such customer","id":8837}"'],
    "not an address": ["Invalid email: zoe@example", "Invalid email: bob@example.com"],
    "a listener is missing": ["ORA-12541: TNS:no listener"],
    "a constraint of Oracle": ["ORA-00001: unique constraint (SHOP.PK_ORDERS) violated"],
    "503": ["HTTP 503 from https://api.contoso.example/v1/x", "HTTP 503 from https://api.contoso.example/v2/y?z=1"],
    "429": ["HTTP 429 from https://api.contoso.example/v1/x"],
    "it just failed": ["failed", "  failed\n"],
    "in Japanese": ["接続が拒否されました: 10.0.0.7:3307", "接続が拒否されました: 10.0.0.8:3307"],
}  # fmt: skip

LANGUAGES = {"Python": PYTHON, "Node": NODE, "Go": GO, "PHP": PHP, "Java": JAVA, "plain": PLAIN}
