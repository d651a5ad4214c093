"""Cookies know no ports: two standalone dashboards on one host, each with users of its own."""

from __future__ import annotations

from pathlib import Path

from flask.testing import FlaskClient

from tests.web.signing_in import OURS, Door, sign_in


def told(http: FlaskClient, door: Door) -> str:
    found = http.get_cookie(door.cookie)
    return found.value if found else ""


def test_dashboards_of_other_users_on_another_port_leave_each_other_alone(tmp_path: Path) -> None:
    """Browsers send the cookies of a host to all its ports."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    door, other = Door(tmp_path / "one"), Door(tmp_path / "other")
    one, two = door.browser(), other.browser()
    sign_in(one)
    sign_in(two)
    one.set_cookie(other.cookie, told(two, other))
    two.set_cookie(door.cookie, told(one, door))
    assert [http.get("/activity").status_code for http in (one, two)] == [503, 503]  # in, and Redis is away
    one.set_cookie("omniq_session", "of before")
    assert one.get("/activity").status_code == 503
    assert one.post("/sign-out", headers=OURS).status_code == 303
    assert (told(one, door), bool(one.get_cookie(other.cookie))) == ("", True)
