"""A Flask application with the dashboard at /omniq. Which Redis is meant says OMNIQ_REDIS_URL, or redis=."""

from flask import Flask

from dashboard import OmniqDashboard, read_only

app = Flask(__name__)
OmniqDashboard(app, access=read_only)
