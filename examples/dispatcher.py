"""The dashboard as an application of its own beside another one, in one process."""

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from dashboard import create_app, read_only

site = Flask(__name__)
app = DispatcherMiddleware(site, {"/omniq": create_app(access=read_only)})
