"""Whom Flask-Login knows may look, and operators may act. The roles are those of the application's users."""

from flask import Flask
from flask_login import LoginManager, UserMixin

from dashboard import OPERATOR, VIEWER, OmniqDashboard, flask_login_user, from_flask_login

PEOPLE = {"ann": "operator", "bob": "viewer"}


class Person(UserMixin):
    def __init__(self, name: str) -> None:
        self.id, self.role = name, PEOPLE[name]


app = Flask(__name__)
app.config.update(SECRET_KEY="change me", SESSION_COOKIE_SAMESITE="Lax")
login = LoginManager(app)
login.login_view = "sign_in"


@login.user_loader
def load(name: str) -> Person | None:
    return Person(name) if name in PEOPLE else None


@app.get("/sign-in")
def sign_in() -> str:
    return "Your own page to sign in stands here."


rules = from_flask_login({"viewer": VIEWER, "operator": OPERATOR})
OmniqDashboard(app, access=rules, user=flask_login_user)
