"""Beside Flask-WTF: the dashboard's forms carry the token that CSRFProtect asks for."""

from flask import Flask
from flask_wtf import CSRFProtect

from dashboard import OmniqDashboard, read_only

app = Flask(__name__)
app.config["SECRET_KEY"] = "change me"
CSRFProtect(app)
OmniqDashboard(app, access=read_only)
