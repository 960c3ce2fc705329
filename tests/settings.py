"""The settings of the application, on databases that the tests create themselves."""

import os

from tests import databases

databases.state()  # before anything that it is made of is read
os.environ["ENV_FILE"] = ""
os.environ.setdefault("SECRET_KEY", "a-key-of-the-tests-and-of-nothing-else-0123456789")
os.environ.setdefault("ALLOWED_HOSTS", "testserver,127.0.0.1,localhost")
os.environ.setdefault("PUBLIC_URL", "http://testserver")
os.environ["EMAIL_URL"] = "memorymail://"
# Only what TEST_* names is touched: a developer's own database or Redis never is.
for _name in ("DATABASE_URL", "REDIS_URL"):
    os.environ.pop(_name, None)
    if os.environ.get(f"TEST_{_name}"):
        os.environ[_name] = os.environ[f"TEST_{_name}"]

from prm.config.settings import *  # noqa: E402, F403
from prm.config.settings import CACHES, INSTALLED_APPS, MIDDLEWARE, REDIS_URL  # noqa: E402

# A machine to try the engine with, and a module as a newcomer would add it: its folder and nothing else.
INSTALLED_APPS = [*INSTALLED_APPS, "tests.workflows.app", "tests.gadgets"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
# A page that shows something without having asked what the user may see is a failure of its test.
MIDDLEWARE = [*MIDDLEWARE, "prm.access.middleware.AskedGuard"]
# Most tests begin without a user; tests/setup tries the first run with all that there is.
MIDDLEWARE.remove("frontend.first_run.FirstRun")
PASSWORD_HASHERS = ["tests.hashers.CheapArgon2"]
if REDIS_URL:
    # Several runs share one server: each keeps to its own keys, and none is ever flushed.
    CACHES["default"]["KEY_PREFIX"] = f"prm-test-{os.getpid()}"
# Read for each page anew: neither a test before nor the time of day decides how often the database is asked.
VENDOR_SECONDS = 0
# No thread writes into the database of a test: `prm.touch.keeping.flush` does, where a test asks for it.
TOUCH_THREAD = False
