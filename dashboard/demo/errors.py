"""Error texts as workers in Python, Node and Go write them: a first line, then where it happened."""

from __future__ import annotations

from random import Random
from textwrap import dedent


def error_text(kind: str, rng: Random) -> str:
    """An error of this kind, with details drawn from `rng`. Raises KeyError for an unknown kind."""
    values = {
        "host": rng.choice(("hooks.northwind.example", "api.fabrikam.example", "events.contoso.example")),
        "address": f"10.42.{rng.randrange(8)}.{rng.randrange(2, 250)}",
        "ms": rng.randrange(9_800, 30_400),
        "number": rng.randrange(1_000, 99_999),
        "hex": f"{rng.randrange(16**8):08x}",
        "pid": rng.randrange(18, 400),
        "row": rng.randrange(2, 48_000),
        "wait": rng.choice((2, 5, 10, 30)),
        "name": rng.choice(("Zoë Brontë", "José Núñez", "小林 花子", "Łukasz Żak", "O'Brien & Søn")),
        "field": rng.choice(("billing_country", "vat_id", "owner_email", "plan_code")),
        "size": rng.choice(("1080p", "720p", "4k")),
    }
    return _TEXTS[kind].format(**values)


def _text(text: str) -> str:
    return dedent(text).strip()


_TEXTS = {
    "py_connection": _text("""
        ConnectionError: could not connect to {host}:443: [Errno 111] Connection refused
        Traceback (most recent call last):
          File "/srv/payments/net/pool.py", line 88, in checkout
            sock = socket.create_connection((self.host, self.port), self.timeout)
          File "/usr/lib/python3.12/socket.py", line 865, in create_connection
            raise exceptions[0]
        ConnectionRefusedError: [Errno 111] Connection refused

        The above exception was the direct cause of the following exception:

        Traceback (most recent call last):
          File "/srv/payments/worker.py", line 41, in run
            deliver(event, endpoint=ctx.payload["endpoint"])
          File "/srv/payments/webhooks/deliver.py", line 127, in deliver
            reply = pool.post(endpoint, body, headers=sign(body))
          File "/srv/payments/net/pool.py", line 93, in checkout
            raise ConnectionError(f"could not connect to {{self.host}}:{{self.port}}: {{error}}") from error
        ConnectionError: could not connect to {host}:443: [Errno 111] Connection refused
    """),
    "go_deadline": _text("""
        context deadline exceeded: POST https://{host}/v2/events ({ms} ms)
        goroutine {number} [running]:
        example.com/relay/internal/deliver.(*Client).Post(0xc000{hex}, {{0x9f2e40, 0xc00011e0a0}}, 0x2f)
        \t/build/relay/internal/deliver/client.go:142 +0x3c5
        example.com/relay/internal/deliver.(*Worker).attempt(0xc0001b4000, 0xc000{hex})
        \t/build/relay/internal/deliver/worker.go:77 +0x1a9
        example.com/relay/cmd/relay.handle({{0x9f2e40, 0xc00011e0a0}})
        \t/build/relay/cmd/relay/main.go:58 +0x92
        created by example.com/relay/cmd/relay.start in goroutine 1
        \t/build/relay/cmd/relay/main.go:33 +0x4f
    """),
    "node_amount": _text("""
        TypeError: Cannot read properties of undefined (reading 'amount')
            at toMinorUnits (/app/dist/billing/money.js:19:31)
            at normalizeCharge (/app/dist/billing/charge.js:64:17)
            at async handleEvent (/app/dist/webhooks/handler.js:112:20)
            at async Worker.run (/app/dist/worker.js:48:5)
    """),
    "node_rate_limit": _text("""
        HubspotRateLimitError: 429 Too Many Requests: secondly limit reached, retry after {wait} s
            at HubspotClient.request (/app/dist/crm/hubspot/client.js:88:13)
            at process.processTicksAndRejections (node:internal/process/task_queues:105:5)
            at async upsertContacts (/app/dist/crm/sync/contacts.js:51:22)
            at async syncPortal (/app/dist/crm/sync/index.js:30:3) {{
          status: 429,
          correlationId: '{hex}',
          policy: 'SECONDLY'
        }}
    """),
    "node_json": _text("""
        SyntaxError: Unexpected token '<', "<!DOCTYPE "... is not valid JSON
            at JSON.parse (<anonymous>)
            at parseBody (/app/dist/crm/http/body.js:12:17)
            at async fetchPage (/app/dist/crm/sync/pages.js:37:18)
            at async syncPortal (/app/dist/crm/sync/index.js:24:20)
    """),
    "node_browser": _text("""
        TimeoutError: Navigation timeout of 30000 ms exceeded
            at LifecycleWatcher.#onTimeout (/app/vendor/render/watcher.js:61:20)
            at renderInvoice (/app/dist/pdf/render.js:44:9)
            at async Worker.run (/app/dist/worker.js:48:5)
          [cause]: Error: net::ERR_EMPTY_RESPONSE at http://render-{pid}.internal/invoice/{number}
    """),
    "py_smtp": _text("""
        SMTPRecipientsRefused: 550 5.1.1 mailbox "{name}" does not exist
        Traceback (most recent call last):
          File "/srv/mail/worker.py", line 29, in run
            send(message)
          File "/srv/mail/smtp/session.py", line 204, in send
            raise SMTPRecipientsRefused(refused)
        mail.errors.SMTPRecipientsRefused: 550 5.1.1 mailbox "{name}" does not exist
    """),
    "py_template": _text("""
        TemplateError: '{field}' is not defined
        Traceback (most recent call last):
          File "/srv/mail/worker.py", line 24, in run
            message = compose(ctx.payload["template"], ctx.payload["variables"])
          File "/srv/mail/compose.py", line 61, in compose
            return template.fill(variables)
          File "/srv/mail/templates/order_shipped.txt", line 7, in top-level template code
            Dear {{{{ customer.{field} }}}},
        mail.errors.TemplateError: '{field}' is not defined
    """),
    "py_key": _text("""
        KeyError: '{field}'
        Traceback (most recent call last):
          File "/srv/sync/worker.py", line 52, in run
            record = to_record(ctx.payload["changes"])
          File "/srv/sync/mapping.py", line 118, in to_record
            country = changes["{field}"]
                      ~~~~~~~^^^^^^^^^^^^
        KeyError: '{field}'
    """),
    "py_csv": _text("""
        ImportRowError: row {row}: "{name}" has 14 columns, the header has 13
        Traceback (most recent call last):
          File "/srv/imports/worker.py", line 66, in run
            load_chunk(ctx.payload["source"], ctx.payload["rows"])
          File "/srv/imports/chunks.py", line 90, in load_chunk
            raise ImportRowError(row, f"{{len(cells)}} columns, the header has {{width}}")
        imports.errors.ImportRowError: row {row}: "{name}" has 14 columns, the header has 13
    """),
    "py_image": _text("""
        UnidentifiedImageError: cannot identify image file 'original/{hex}.heic'
        Traceback (most recent call last):
          File "/srv/media/worker.py", line 33, in run
            with open_image(source) as image:
          File "/srv/media/images.py", line 47, in open_image
            raise UnidentifiedImageError(f"cannot identify image file {{path!r}}")
        media.errors.UnidentifiedImageError: cannot identify image file 'original/{hex}.heic'
    """),
    "py_disk": _text("""
        OSError: [Errno 28] No space left on device: '/scratch/{hex}.tmp'
        Traceback (most recent call last):
          File "/srv/media/worker.py", line 38, in run
            spool(source, scratch)
          File "/srv/media/spool.py", line 22, in spool
            out.write(chunk)
        OSError: [Errno 28] No space left on device: '/scratch/{hex}.tmp'
    """),
    "go_ffmpeg": _text("""
        transcode {size}: exit status 1: Conversion failed!
        stderr (last lines):
          [h264 @ 0x55{hex}] error while decoding MB 51 29, bytestream -7
          Error while decoding stream #0:0: Invalid data found when processing input
          Conversion failed!
        goroutine {number} [running]:
        example.com/media/transcode.(*Job).Run(0xc000{hex}, {{0xb81d20, 0xc0000a8000}})
        \t/build/media/transcode/job.go:201 +0x6d1
        example.com/media/worker.handle(0xc000{hex})
        \t/build/media/worker/worker.go:64 +0x11c
    """),
    "go_index": _text("""
        bulk index: 409 version_conflict: document products/{number} has a newer version
        example.com/search/indexer.(*Bulk).Flush
        \t/build/search/indexer/bulk.go:118
        example.com/search/indexer.Handle
        \t/build/search/indexer/handle.go:45
    """),
}
