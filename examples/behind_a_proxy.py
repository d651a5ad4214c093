"""Behind a proxy that takes /team off each path and says so in X-Forwarded-Prefix.

Count the proxies that set each header themselves: what ProxyFix believes, a browser could otherwise have sent.
"""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from dashboard import OmniqDashboard, read_only

app = Flask(__name__)
OmniqDashboard(app, access=read_only)
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1, x_prefix=1)
