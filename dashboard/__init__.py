"""A web dashboard for OmniQ queues: a Flask extension, and a WSGI application of its own."""

from __future__ import annotations

from .access import Actor, Allow, Deny, LoginRequired, allow_all, read_only
from .extension import OmniqDashboard, create_app
from .roles import OPERATOR, VIEWER, flask_login_user, from_flask_login
from .settings import SettingsError

__version__ = "0.1.0"

__all__ = [
    "OPERATOR",
    "VIEWER",
    "Actor",
    "Allow",
    "Deny",
    "LoginRequired",
    "OmniqDashboard",
    "SettingsError",
    "__version__",
    "allow_all",
    "create_app",
    "flask_login_user",
    "from_flask_login",
    "read_only",
]
