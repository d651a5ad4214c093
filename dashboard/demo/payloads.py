"""Payloads and ids as such queues carry them. Every name, address and number is made up."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

Payload = dict[str, Any]

MOVING_COUNTER = "export:tenant-1204:orders"
"""The counter that imports count down, again and again."""

_PEOPLE = ("Zoë Brontë", "José Núñez", "小林 花子", "Łukasz Żak", "Amina Osei", "Siobhán O'Brien", "Max Mustermann")
_CITIES = ("Zürich", "São Paulo", "Kraków", "東京", "Nairobi", "Galway", "Leipzig")
_LOCALES = ("de-CH", "pt-BR", "pl-PL", "ja-JP", "en-IE", "fr-CA")
_DIGITS = "0123456789abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"


def job_id_for(queue: str, rng: Random) -> str | None:
    """An id in the style of that queue's producer; None where OmniQ makes one."""
    prefix = {"payments-webhooks": "evt_1", "invoice-pdf": "inv-2026-", "video-transcode": "clip/"}.get(queue)
    return None if prefix is None else prefix + _code(rng, 14)


def payload_for(queue: str, gid: str, rng: Random) -> Payload:
    """What a job of that queue (and group) carries."""
    return _MAKERS[queue](gid, rng)


def _code(rng: Random, length: int) -> str:
    return "".join(rng.choice(_DIGITS) for _ in range(length))


def _person(rng: Random) -> Payload:
    name = rng.choice(_PEOPLE)
    return {"name": name, "email": f"user{rng.randrange(10_000)}@mail.example", "locale": rng.choice(_LOCALES)}


def _payment(gid: str, rng: Random) -> Payload:
    cents = rng.randrange(100, 250_000)
    return {
        "event": rng.choice(("charge.succeeded", "charge.refunded", "invoice.paid", "payout.created")),
        "account": gid,
        "endpoint": f"https://{rng.choice(('hooks.northwind', 'api.fabrikam', 'events.contoso'))}.example/webhooks",
        "data": {
            "id": "ch_" + _code(rng, 16),
            "amount": {"value": cents, "currency": rng.choice(("EUR", "CHF", "JPY", "BRL"))},
            "customer": _person(rng),
            "lines": [{"sku": f"SKU-{rng.randrange(9999):04}", "quantity": n} for n in range(1, rng.randrange(2, 5))],
            "metadata": {
                "order": f"#{rng.randrange(10_000, 99_999)}",
                "note": rng.choice(("", "Geschenk 🎁", "réassort")),
            },
        },
        "signature": {"scheme": "v1", "key": "whk_" + _code(rng, 6)},
    }


def _crm(gid: str, rng: Random) -> Payload:
    return {
        "portal": gid,
        "object": rng.choice(("contact", "company", "deal")),
        "changes": [
            {"id": rng.randrange(10**9), "field": rng.choice(("owner", "stage", "city")), "to": rng.choice(_CITIES)}
            for _ in range(rng.randrange(1, 4))
        ],
        "since": "2026-03-09T22:00:00Z",
    }


def _mail(_gid: str, rng: Random) -> Payload:
    return {
        "template": rng.choice(("order_shipped", "password_reset", "receipt", "welcome")),
        "to": _person(rng),
        "variables": {"order": rng.randrange(10_000, 99_999), "city": rng.choice(_CITIES)},
        "headers": {"List-Unsubscribe": f"<https://mail.example/u/{_code(rng, 10)}>"},
    }


def _digest(_gid: str, rng: Random) -> Payload:
    stories = [{"id": rng.randrange(10**6), "score": round(rng.random(), 3)} for _ in range(5)]
    return {"user": _person(rng), "period": "weekly", "stories": stories}


def _image(_gid: str, rng: Random) -> Payload:
    return {
        "source": f"original/{_code(rng, 12)}.{rng.choice(('jpg', 'png', 'heic', 'webp'))}",
        "sizes": [{"width": width, "fit": "cover"} for width in (160, 480, 1280)],
        "strip_metadata": True,
    }


def _video(gid: str, rng: Random) -> Payload:
    return {
        "team": gid,
        "source": {"bucket": "uploads", "key": f"raw/{_code(rng, 10)}.mov", "bytes": rng.randrange(10**7, 10**9)},
        "renditions": [{"height": height, "codec": "h264", "crf": 21} for height in (2160, 1080, 720)],
        "captions": {"languages": ["de", "ja"], "title": f"Rundgang {rng.choice(_CITIES)} 🎬"},
    }


def _invoice(gid: str, rng: Random) -> Payload:
    return {
        "account": gid,
        "number": f"2026-{rng.randrange(100_000):05}",
        "customer": {**_person(rng), "city": rng.choice(_CITIES)},
        "total": {"net": rng.randrange(10**6), "vat_percent": rng.choice((8.1, 19, 23)), "currency": "EUR"},
    }


def _import(gid: str, rng: Random) -> Payload:
    start = rng.randrange(0, 400_000, 500)
    return {
        "tenant": gid,
        "source": f"s3://imports/{gid}/2026-03-09/kunden_größe.csv",
        "rows": {"from": start, "to": start + 499},
        "options": {"delimiter": ";", "encoding": "utf-8", "on_conflict": "merge"},
        "completion_key": MOVING_COUNTER,
    }


def _index(_gid: str, rng: Random) -> Payload:
    return {"index": "products", "ids": [rng.randrange(10**6) for _ in range(8)], "refresh": False}


def _push(_gid: str, rng: Random) -> Payload:
    return {
        "device": _code(rng, 22),
        "title": rng.choice(("Dein Paket ist da 📦", "Nouvelle réponse", "新しいメッセージ", "Payment received")),
        "ttl_s": 3600,
    }


def _audit(_gid: str, rng: Random) -> Payload:
    actor = {"id": rng.randrange(10**5), "ip": f"192.0.2.{rng.randrange(1, 255)}"}
    return {"action": rng.choice(("login", "export", "role.change")), "actor": actor, "target": _code(rng, 8)}


def _report(_gid: str, rng: Random) -> Payload:
    return {"report": rng.choice(("revenue", "churn", "usage")), "region": rng.choice(_CITIES), "format": "parquet"}


_MAKERS: dict[str, Callable[[str, Random], Payload]] = {
    "payments-webhooks": _payment,
    "crm-sync": _crm,
    "email-transactional": _mail,
    "email-digest": _digest,
    "image-resize": _image,
    "video-transcode": _video,
    "invoice-pdf": _invoice,
    "tenant-import": _import,
    "search-index": _index,
    "push-notify": _push,
    "audit-log": _audit,
    "report-nightly": _report,
}
