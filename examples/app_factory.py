"""One extension, mounted on each application that the factory makes."""

from flask import Flask

from dashboard import OmniqDashboard, read_only

omniq = OmniqDashboard(url_prefix="/ops/queues", access=read_only)


def create_app() -> Flask:
    app = Flask(__name__)
    omniq.init_app(app)
    return app
