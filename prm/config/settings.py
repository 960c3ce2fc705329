"""Settings by environment: embedded when nothing is said, PostgreSQL and Redis when URLs are given."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF

from prm.config import environment
from prm.config.environment import BASE_DIR, env

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY, ALLOWED_HOSTS, PUBLIC_URL = environment.required(DEBUG)
PORT = environment.port()
TRUSTED_PROXIES = environment.networks()
REDIS_URL: str | None = env.str("REDIS_URL", default="") or None
ADMIN_ENABLED = env.bool("ADMIN_ENABLED", default=False)
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
# How the vendor's programme runs.
VENDOR_NAME = env.str("VENDOR_NAME", default="Vendor")
# How long a process goes on with what it has read of the vendor's own page of settings.
VENDOR_SECONDS = 1.0
OFFER_DAYS = env.int("OFFER_DAYS", default=5)
REGISTRATION_DAYS = env.int("REGISTRATION_DAYS", default=30)
INVITATION_DAYS = env.int("INVITATION_DAYS", default=7)
QUOTE_DAYS = env.int("QUOTE_DAYS", default=30)
API_TOKEN_DAYS = env.int("API_TOKEN_DAYS", default=90)
# The touch log: whether it is kept, for how many days (0: for ever), how many lines a process holds back
# while the database is away, and whether a thread writes them.
TOUCH_LOG = env.bool("TOUCH_LOG", default=True)
TOUCH_DAYS = environment.number("TOUCH_DAYS", default=365, least=0, most=36500)
TOUCH_QUEUE = environment.number("TOUCH_QUEUE", default=20_000, least=100, most=10_000_000)
TOUCH_THREAD = True
# A folder with fonts for the scripts that printed quotes are to have besides those that come along.
PDF_FONTS = env.str("PDF_FONTS", default="")

PUBLIC_PARTS = urlsplit(PUBLIC_URL)
HTTPS = PUBLIC_PARTS.scheme == "https"

# --- applications -------------------------------------------------------------------------------------

INSTALLED_APPS = [
    *(["django.contrib.admin"] if ADMIN_ENABLED else []),
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "django_q",
    "rest_framework",
    "django_filters",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "axes",
    "csp",
    "django_countries",
    "django_cotton.apps.SimpleAppConfig",
    "django_htmx",
    "djmoney",
    "phonenumber_field",
    "workflows",
    "prm.files",
    "prm.access",
    "prm.modules",
    "prm.search",
    "prm.touch",
    "prm.views",
    "prm.vendor",
    "prm.people",
    "prm.portals",
    "prm.records",
    "prm.partners",
    "prm.accounts",
    "prm.catalog",
    "prm.library",
    "prm.opportunities",
    "prm.leads",
    "prm.distribution",
    "prm.webforms",
    "prm.quotes",
    "prm.reports",
    "prm.alerts",
    "prm.calendar",
    "prm.imports",
    "prm.privacy",
    "prm.demo",
    "api",
    "frontend",
    "prm.config",
]
# A subject that is only added as a folder is found by its module.py.
INSTALLED_APPS += environment.more_subjects(BASE_DIR / "prm", INSTALLED_APPS)

MIDDLEWARE = [
    "prm.config.metrics.Measure",
    "prm.config.middleware.TrustedProxies",
    "prm.config.middleware.RequestId",
    "prm.config.middleware.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Pages of many rows are sent at a tenth of their size; Django pads them at random against BREACH.
    "prm.config.middleware.CompressPages",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "frontend.middleware.LanguageAndTimeZone",
    "frontend.first_run.FirstRun",
    "prm.touch.middleware.TouchLog",
    "prm.access.viewing.ViewAs",
    "prm.access.middleware.LoginRequired",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "prm.config.urls"
ASGI_APPLICATION = "prm.config.asgi.application"
WSGI_APPLICATION = "prm.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Before the apps' own folders, so that the login pages are ours and not allauth's.
        "DIRS": [BASE_DIR / "frontend" / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "frontend.shell.context",
            ],
        },
    }
]
COTTON_DIR = "cotton"

# --- data ---------------------------------------------------------------------------------------------

DATABASES = {"default": environment.database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "people.User"

CACHES = {
    "default": {
        "BACKEND": "prm.config.cache.TolerantRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "prm",
        # What does not answer at once is treated as not there.
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "prm"}
}

Q_CLUSTER = {
    "name": "prm",
    "orm": "default",
    "workers": env.int("WORKERS", default=2),
    "timeout": 300,
    # A job whose worker was killed runs again; longer than the timeout, or it would run twice at once.
    "retry": 360,
    "max_attempts": 5,
    "poll": 0.2,
    "bulk": 10,
    "catch_up": False,
    "save_limit": 250,
    "label": "Jobs",
}

REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "api.problems.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

# --- language and time --------------------------------------------------------------------------------

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
# Each in its own words: who looks for a language may not read the present one.
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("ar", "العربية")]
LOCALE_PATHS = [BASE_DIR / "prm" / "locale"]
DEFAULT_CURRENCY = "USD"
# In the order of the pages; API, imports and columns hold to the same.
CURRENCIES = environment.currencies(
    "CURRENCIES",
    default=(
        *("USD", "EUR", "GBP", "CHF", "JPY", "CAD", "AUD"),
        *("AED", "BHD", "BRL", "CNY", "CZK", "DKK", "EGP", "HKD", "HUF", "ILS", "INR", "JOD", "KRW", "KWD"),
        *("MAD", "MXN", "NOK", "NZD", "OMR", "PLN", "QAR", "RON", "SAR", "SEK", "SGD", "TND", "TRY", "ZAR"),
    ),
    needed=DEFAULT_CURRENCY,
)
PHONENUMBER_DEFAULT_FORMAT = "INTERNATIONAL"

# --- static files -------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STORAGES = {
    "default": environment.files(),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
# Nothing serves this folder: a file leaves through prm.files.serving, once its record has been asked for.
MEDIA_ROOT = BASE_DIR / "var" / "files"
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700
MAX_FILE_MB = environment.number("MAX_FILE_MB", default=50, least=1, most=5000)
# Ports at which a file may be fetched from the web.
FETCH_PORTS = environment.ports("FETCH_PORTS", default=(80, 443))

# A quote of 200 lines has eight fields for each of them; Django would refuse more than 1,000.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2500

# --- login --------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=2).total_seconds())
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

ACCOUNT_ADAPTER = "prm.config.login.AccountAdapter"
ACCOUNT_FORMS = {"reset_password": "prm.config.login.ResetPasswordForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
# An invitation link has proved the mailbox before there is a login.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_DEFAULT_HTTP_PROTOCOL = PUBLIC_PARTS.scheme
MFA_ADAPTER = "prm.config.login.MFAAdapter"
MFA_SUPPORTED_TYPES = ["recovery_codes", "totp", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
MFA_TOTP_ISSUER = "Partner portal"

SOCIALACCOUNT_ADAPTER = "prm.config.login.SocialAccountAdapter"
OIDC = environment.oidc()
# The provider vouches for the address; it signs in whom the portal already knows, and makes no logins.
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"EMAIL_AUTHENTICATION": True, "APPS": [OIDC] if OIDC else []}}
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_ONLY = False

AXES_FAILURE_LIMIT = env.int("LOGIN_FAILURES", default=8)
AXES_COOLOFF_TIME = timedelta(minutes=15)
# By name and address together: a stranger's guesses do not lock the owner out.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "prm.config.login.attempted_name"
AXES_CLIENT_IP_CALLABLE = "prm.config.middleware.client_address"
AXES_LOCKOUT_CALLABLE = "prm.config.login.locked_out"
AXES_HTTP_RESPONSE_CODE = 429
AXES_ENABLE_ADMIN = ADMIN_ENABLED
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True

# --- security -----------------------------------------------------------------------------------------

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# HSTS is sent by prm.config.middleware.SecurityHeaders, which knows the scheme that the public uses.
SECURE_HSTS_SECONDS = 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Only a trusted proxy can tell how the client came; without one a redirect would never end.
SECURE_SSL_REDIRECT = HTTPS and bool(TRUSTED_PROXIES)
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-prm-session" if HTTPS else "prm-session"
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_NAME = "__Host-prm-csrf" if HTTPS else "prm-csrf"
CSRF_FAILURE_VIEW = "frontend.views.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF, f"{'wss' if HTTPS else 'ws'}://{PUBLIC_PARTS.netloc}"],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
        **({"upgrade-insecure-requests": True} if HTTPS else {}),
    }
}

# --- mail ---------------------------------------------------------------------------------------------

vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
if vars()["EMAIL_BACKEND"].endswith("console.EmailBackend"):
    EMAIL_BACKEND = "prm.config.mail.TextConsole"
# Where the environment names no mail server, administrators do on the page of settings.
EMAIL_FROM_ENVIRONMENT = bool(env.str("EMAIL_URL", default=""))
EMAIL_OTHERWISE = vars()["EMAIL_BACKEND"]
if not EMAIL_FROM_ENVIRONMENT:
    EMAIL_BACKEND = "prm.vendor.mail.Backend"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"portal@{PUBLIC_PARTS.hostname}")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- logs ---------------------------------------------------------------------------------------------

LOG_LEVEL = env.str("LOG_LEVEL", default="WARNING")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "prm.config.middleware.RequestIdFilter"},
        "secrets": {"()": "prm.config.middleware.SecretsFilter"},
    },
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["request_id", "secrets"],
        },
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": ["console"], "level": LOG_LEVEL, "propagate": False},
        "axes": {"handlers": ["console"], "level": "WARNING", "propagate": False},
    },
}
SILENCED_SYSTEM_CHECKS: list[str] = []
